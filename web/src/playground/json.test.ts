import { describe, expect, it } from "vitest";
import { parseJson, sentenceOf } from "./json";

const fault = (text: string) => {
  const parsed = parseJson(text);
  return parsed.ok ? "none" : sentenceOf(parsed.fault);
};

describe("parseJson", () => {
  it("gives what JSON says", () => {
    expect(parseJson('{"a": [1, "\\u00e9", null]}')).toEqual({ ok: true, value: { a: [1, "é", null] } });
  });

  it.each([
    ["", "Line 1, column 1: the text ends where a value should be."],
    ['{"a": 1,\n "b": }', "Line 2, column 7: a value is missing before “}”."],
    ['{"a": 1,\n}', "Line 2, column 1: no “,” may stand before “}”."],
    ['{"a": 1\n "b": 2}', "Line 2, column 2: a “,” or “}” is missing here."],
    ["{a: 1}", "Line 1, column 2: a key stands in double quotes."],
    ["{'a': 1}", "Line 1, column 2: a key stands in double quotes."],
    ['{"a" 1}', "Line 1, column 6: a “:” is missing after the key."],
    ['{"a": True}', "Line 1, column 7: “True” is no value; text stands in double quotes."],
    ["{\"a\": 'x'}", "Line 1, column 7: text stands in double quotes."],
    ['{"a": "x\ny"}', "Line 1, column 9: a text may not go over lines; write \\n."],
    ['{"a": "x', "Line 1, column 7: this text is never closed."],
    ['{"a": "\\x"}', "Line 1, column 8: there is no such escape; a backslash itself is \\\\."],
    ['{"a": [1, 2', "Line 1, column 12: the text ends before “]”."],
    ['{"a": 1} {', "Line 1, column 10: nothing may follow here."],
    ['{"a": 01}', "Line 1, column 8: a “,” or “}” is missing here."],
    ['{"a": "\t"}', "Line 1, column 8: a control character stands in a text; write it as \\u0000."],
  ])("finds the place in %j", (text, told) => {
    expect(fault(text)).toBe(told);
  });

  it("finds a fault wherever a document is cut short", () => {
    const whole = '{"model": "a\\n", "list": [1.5e3, {"b": [true, null]}], "c": -0.1}';
    for (let end = 0; end < whole.length; end++) {
      const parsed = parseJson(whole.slice(0, end));
      expect(parsed.ok).toBe(false);
      if (!parsed.ok) expect(parsed.fault.column).toBeLessThanOrEqual(end + 1);
    }
  });
});
