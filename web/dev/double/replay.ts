/** What the double says of a candidate: a guardrail refuses one request of ten, a route moves half of them. */
import type { Replay, ResourceFields } from "../../src/api/types";

const side = (requests: number, refused: number, dollars: number) => ({
  requests,
  refused,
  cost_nano_usd: dollars * 1_000_000_000,
  unknown_cost: 0,
});

export function replayed({ resources: [wanted], since }: { resources: ResourceFields[]; since: string }): Replay {
  const days = Math.round((Date.now() - Date.parse(since)) / 86_400_000);
  const isGuardrail = wanted?.kind === "Guardrail";
  const before = side(10 * days, 0, 2);
  const after = isGuardrail ? side(9 * days, days, 1.8) : side(10 * days, 0, 1.5);
  const moved = isGuardrail ? 0 : 5 * days;
  return {
    total: { name: null, before, after },
    routes: [{ name: "best", before, after }],
    models: [{ name: "gpt-4.1", before, after }],
    teams: [{ name: "company", before, after }],
    moved,
    refusals: isGuardrail ? { guardrail_refused: days } : {},
    admitted: 0,
    assumed: 0,
    examples: [
      {
        id: "request-1",
        requested: "best",
        team: "company",
        before: "gpt-4.1",
        after: isGuardrail ? {} : { "gpt-4.1-mini": 1 },
        refused: isGuardrail ? "guardrail_refused" : null,
        before_nano_usd: 2_000_000,
        after_nano_usd: isGuardrail ? 0 : 500_000,
      },
    ],
    truncated: false,
    guards: isGuardrail
      ? { judged: 4, refused: days, answers_refused: 0, masked: 0, not_kept: 6, not_readable: 0, beyond: 0, left_out: [] }
      : null,
  };
}
