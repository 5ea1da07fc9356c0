import { expect, it } from "vitest";
import { tokenOf } from "./token";

it.each([
  ["http://127.0.0.1:8420/sign-in?token=a%2Bb", "a+b"],
  ["?token=abc#x", "abc"],
  ["  abc-_1 ", "abc-_1"],
  ["http://127.0.0.1:8420/sign-in", ""],
  ["two words", ""],
  ["", ""],
])("%j carries %j", (link, token) => expect(tokenOf(link)).toBe(token));
