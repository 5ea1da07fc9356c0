/** Which field of the form an error of the API is about. */
import { ApiError, messageOf } from "../api/errors";

/** What the message says of the place, which is not needed where it stands at the field. */
const PLACE = /^(?:Route|Assistant|Guardrail|Source) '[^']*'(, field '[^']*')?: |, in the field '[^']*'/g;

export interface Mistake {
  /** Such as `targets[1].weight`; null when it is about no field. */
  field: string | null;
  message: string;
}

/** `place` is where the resource stands in a request of its own. */
export function mistakeOf(error: unknown, place = "route"): Mistake | null {
  if (error === null || error === undefined) return null;
  const param = error instanceof ApiError ? error.param : null;
  const at = param?.replace(/^resources\[\d+\]\.?/, "") ?? null;
  const field = at === place ? null : (at?.replace(new RegExp(`^${place}\\.`), "") ?? null);
  return { field: field || null, message: messageOf(error) };
}

/** The message, if the mistake is in this field or in a part of it. */
export function messageAt(mistake: Mistake | null, field: string): string | null {
  const at = mistake?.field;
  if (!mistake || !at) return null;
  if (at !== field && !at.startsWith(`${field}.`) && !at.startsWith(`${field}[`)) return null;
  const short = mistake.message.replace(PLACE, "");
  return short.charAt(0).toUpperCase() + short.slice(1);
}
