/** Versions of the double's resources. Of its assistant there is an earlier one, which names a collection that is gone, and one before. */
import type { Difference, ResourceFields, ResourceVersion } from "../../src/api/types";
import { Refusal } from "./http.ts";
import { placeOf } from "./platform.ts";

type Kept = ResourceVersion & { resource: ResourceFields | null };
export type Named = { kind: string; name: string };

const DAY = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * DAY).toISOString();

export class Versions {
  readonly #kept = new Map<string, Kept[]>();

  constructor(applied: ResourceFields[]) {
    for (const each of applied) {
      if (each.kind === "Assistant") {
        this.#put({ ...each, prompt: "Answer in verse.\nNever lie.", passages: 4 }, "created", "ben", ago(41));
        this.#put({ ...each, collections: ["handbook", "minutes"] }, "changed", "ada", ago(12));
      }
      this.#put(each, this.#of(each).length ? "changed" : "created", "admin", ago(3));
    }
  }

  add(resource: ResourceFields, change: "created" | "changed" | "restored", restored: number | null = null): void {
    this.#put(resource, change, "admin", new Date().toISOString(), restored);
  }

  remove(named: Named): void {
    const last = this.#of(named)[0];
    if (last) this.#of(named).unshift({ ...last, ...fresh(last.version + 1, "deleted"), fields: [], resource: null });
  }

  all(named: Named): Kept[] {
    const found = this.#of(named);
    if (found.length === 0) throw new Refusal(404, `There is no ${named.kind} '${named.name}'.`, "not_found", "name");
    return found;
  }

  get(named: Named, version: number): Kept {
    const found = this.all(named).find((each) => each.version === version);
    if (!found)
      throw new Refusal(404, `There is no version ${version} of ${named.kind} '${named.name}'.`, "not_found", "version");
    return found;
  }

  #of(named: Named): Kept[] {
    const place = placeOf(named);
    const found = this.#kept.get(place) ?? [];
    this.#kept.set(place, found);
    return found;
  }

  #put(resource: ResourceFields, change: Kept["change"], author: string, at: string, restored: number | null = null): void {
    const kept = this.#of(resource);
    const [last] = kept;
    const fields = last ? differences(last.resource, resource).map(({ field }) => field) : [];
    kept.unshift({ ...fresh((last?.version ?? 0) + 1, change), fields, restored, author, at, resource });
  }
}

const fresh = (version: number, change: Kept["change"]) => ({
  version,
  change,
  restored: null,
  by: "user-1",
  author: "admin",
  at: new Date().toISOString(),
  forgotten: false,
});

/** Of their fields as wholes. */
export function differences(before: ResourceFields | null, after: ResourceFields | null): Difference[] {
  const names = Array.from(new Set([...Object.keys(after ?? {}), ...Object.keys(before ?? {})]));
  return names
    .map((field) => ({ field, before: before?.[field] ?? null, after: after?.[field] ?? null }))
    .filter((each) => JSON.stringify(each.before) !== JSON.stringify(each.after));
}
