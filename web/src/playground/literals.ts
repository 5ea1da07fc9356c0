/** JSON as literals of Python and JavaScript, laid out as their formatters would. */
import { type Json, isObject } from "./json";

const WIDTH = 88;

interface Style {
  constant: (value: null | boolean) => string;
  key: (name: string) => string;
  step: string;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const CONSTANTS = new Map<null | boolean, string>([
  [null, "None"],
  [true, "True"],
  [false, "False"],
]);

const PYTHON: Style = { constant: (value) => CONSTANTS.get(value) ?? "None", key: (name) => JSON.stringify(name), step: "    " };
const JAVASCRIPT: Style = {
  constant: String,
  key: (name) => (name === "__proto__" ? '["__proto__"]' : IDENTIFIER.test(name) ? name : JSON.stringify(name)),
  step: "  ",
};

/** `indent` is that of the line it begins in. JSON's escapes are Python's as well. */
export const inPython = (value: Json, indent = ""): string => literal(value, indent, PYTHON);
export const inJavaScript = (value: Json, indent = ""): string => literal(value, indent, JAVASCRIPT);

function literal(value: Json, indent: string, style: Style): string {
  if (value === null || typeof value === "boolean") return style.constant(value);
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = indent + style.step;
  const one = (each: Json, to: string) => literal(each, to, style);
  const [open, close] = isObject(value) ? "{}" : "[]";
  const items = (to: string) =>
    isObject(value)
      ? Object.entries(value).map(([name, each]) => `${style.key(name)}: ${one(each, to)}`)
      : value.map((each) => one(each, to));
  const short = items("").join(", ");
  if (short === "") return `${open ?? ""}${close ?? ""}`;
  const padded = open === "{" && style === JAVASCRIPT ? ` ${short} ` : short;
  if (!short.includes("\n") && indent.length + short.length < WIDTH) return `${open ?? ""}${padded}${close ?? ""}`;
  return `${open ?? ""}\n${items(inner)
    .map((item) => `${inner}${item},\n`)
    .join("")}${indent}${close ?? ""}`;
}
