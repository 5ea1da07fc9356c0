/** Which field of the form an error of the API is about. */
import { ApiError, messageOf } from "../api/errors";

export interface Mistake {
  /** Such as `targets[1].weight`; null when it is about no field. */
  field: string | null;
  message: string;
}

export function mistakeOf(error: unknown): Mistake | null {
  if (error === null || error === undefined) return null;
  const param = error instanceof ApiError ? error.param : null;
  const field = param?.replace(/^(resources\[\d+\]|route)\.?/, "") ?? null;
  return { field: field || null, message: messageOf(error) };
}

/** The message, if the mistake is in this field or in a part of it. */
export function messageAt(mistake: Mistake | null, field: string): string | null {
  const at = mistake?.field;
  if (!mistake || !at) return null;
  return at === field || at.startsWith(`${field}.`) || at.startsWith(`${field}[`) ? mistake.message : null;
}
