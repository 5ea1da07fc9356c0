/** What the double finds in a text: addresses are masked, a griffin is refused. */
import type { ResourceFields, TriedGuardrail } from "../../src/api/types";
import { Refusal } from "./http.ts";
import { checkGuardrail } from "./routing.ts";

const ADDRESS = /[\w.]+@[\w.]+\w/g;

interface Trial {
  name?: string;
  guardrail?: ResourceFields;
  text: string;
}

export function tryOut({ name, guardrail, text }: Trial): TriedGuardrail {
  if (guardrail) checkGuardrail(guardrail, "guardrail.");
  name ??= (guardrail?.guards as { type: string }[])[0]?.type === "words" ? "manners" : "personal-data";
  if (text.includes("broken")) throw new Refusal(502, "The gateway cannot be reached, so the guardrail cannot be tried.");
  const base = { score: 1, guard: name === "manners" ? "words" : "personal" };
  const refuses = name === "manners" && text.includes("griffin");
  if (refuses) {
    const start = text.indexOf("griffin");
    return {
      refused: "Guardrail 'manners' refuses this request: its guard 'words' found DENIED. Leave that out and ask again.",
      text: null,
      findings: [{ ...base, kind: "DENIED", start, end: start + 7, action: "refuse" }],
      verdicts: [{ guard: "words", action: "refuse", kinds: { DENIED: 1 }, latency_us: 41 }],
    };
  }
  const found = name === "manners" ? [] : [...text.matchAll(ADDRESS)];
  return {
    refused: null,
    text: found.length > 0 ? text.replace(ADDRESS, "[EMAIL_ADDRESS]") : text,
    findings: found.map((each) => ({
      ...base,
      kind: "EMAIL_ADDRESS",
      start: points(text.slice(0, each.index)),
      end: points(text.slice(0, each.index)) + points(each[0]),
      action: "mask",
    })),
    verdicts: [{ guard: base.guard, action: found.length > 0 ? "mask" : "pass", kinds: {}, latency_us: 38 }],
  };
}

/** Characters, as the API counts them. */
const points = (text: string): number => Array.from(text).length;
