/** Reading JSON that a person wrote: what is wrong with it, and in which line and column. Browsers each say it in words of their own. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export interface Fault {
  message: string;
  /** Both count from 1. */
  line: number;
  column: number;
}

export type Parsed = { ok: true; value: Json } | { ok: false; fault: Fault };

export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    return { ok: false, fault: faultIn(text) };
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const sentenceOf = ({ message, line, column }: Fault): string => `Line ${line}, column ${column}: ${message}`;

class Stop extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

function faultIn(text: string): Fault {
  let found = new Stop(text.length, "this is not JSON.");
  try {
    const end = new Scanner(text).document();
    found = new Stop(end, "this is not JSON.");
  } catch (error) {
    if (error instanceof Stop) found = error;
  }
  const before = text.slice(0, found.at).split("\n");
  return { message: found.message, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const WORDS = new Set(["true", "false", "null"]);
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Walks through a text and stops with what is wrong first. */
class Scanner {
  #at = 0;

  constructor(private readonly text: string) {}

  document(): number {
    this.#space();
    this.#value();
    this.#space();
    if (this.#at < this.text.length) this.#stop("nothing may follow here.");
    return this.#at;
  }

  #value(): void {
    const start = this.text[this.#at];
    if (start === "{") this.#many("}", () => this.#member());
    else if (start === "[") this.#many("]", () => this.#value());
    else if (start === '"') this.#string();
    else if (start === undefined) this.#stop("the text ends where a value should be.");
    else if (!this.#match(NUMBER)) this.#word(start);
  }

  #word(start: string): void {
    const at = this.#at;
    const word = this.#match(WORD);
    if (word && WORDS.has(word)) return;
    this.#at = at;
    if (start === "'") this.#stop("text stands in double quotes.");
    this.#stop(word ? `“${word}” is no value; text stands in double quotes.` : `a value is missing before “${start}”.`);
  }

  #many(close: "}" | "]", one: () => void): void {
    this.#at += 1;
    this.#space();
    if (this.#take(close)) return;
    for (;;) {
      one();
      this.#space();
      if (this.#take(close)) return;
      if (!this.#take(","))
        this.#stop(this.#ended() ? `the text ends before “${close}”.` : `a “,” or “${close}” is missing here.`);
      this.#space();
      if (this.text[this.#at] === close) this.#stop(`no “,” may stand before “${close}”.`);
    }
  }

  #member(): void {
    if (this.#ended()) this.#stop("the text ends where a key should be.");
    if (this.text[this.#at] !== '"') this.#stop("a key stands in double quotes.");
    this.#string();
    this.#space();
    if (!this.#take(":")) this.#stop("a “:” is missing after the key.");
    this.#space();
    this.#value();
  }

  #string(): void {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      const next = this.text[this.#at];
      if (next === undefined || next === "\n") {
        this.#at = next === undefined ? start : this.#at;
        this.#stop(next === undefined ? "this text is never closed." : "a text may not go over lines; write \\n.");
      }
      if (next === '"') break;
      if (next === "\\") {
        if (!this.#match(ESCAPE)) this.#stop("there is no such escape; a backslash itself is \\\\.");
      } else if (next < " ") this.#stop("a control character stands in a text; write it as \\u0000.");
      else this.#at += 1;
    }
    this.#at += 1;
  }

  #space(): void {
    while (" \t\n\r".includes(this.text[this.#at] ?? "x")) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #ended(): boolean {
    return this.#at >= this.text.length;
  }

  #stop(message: string): never {
    throw new Stop(this.#at, message);
  }
}
