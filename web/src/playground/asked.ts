/** What goes out for one column: the composer's request with the column's model. */
import { withModel } from "./compose";
import { type Draft, FORMS } from "./draft";
import type { Asked } from "./snippets";

export function askedOf(draft: Draft, body: string, model: string): Asked {
  const path = FORMS.find(({ id }) => id === draft.form)?.path ?? "";
  const headers = {
    "content-type": "application/json",
    ...(draft.form === "messages" ? { "anthropic-version": "2023-06-01" } : {}),
    ...(draft.fresh ? { "cache-control": "no-cache" } : {}),
  };
  return { form: draft.form, path, headers, body: withModel(body, model) };
}
