/** What the double needs of HTTP: bodies in, JSON and events out, errors in the API's form. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { State } from "./state.ts";

export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  at: Record<string, string>;
  /** Of the session; a fresh one for nobody. */
  state: State;
  signedIn: boolean;
}

export class Refusal extends Error {
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, code: string | null = null, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

export async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The JSON body, believed to be what the caller says: the page is the only client. */
export async function jsonOf<T extends object>(request: IncomingMessage): Promise<T> {
  return JSON.parse((await bytesOf(request)).toString()) as T;
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

export function refuse(response: ServerResponse, { status, message, code, param }: Refusal): void {
  json(response, { error: { message, type: "invalid_request_error", param, code } }, status);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function eventsTo(response: ServerResponse): (event: string, data: unknown) => void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  return (event, data) => void response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
