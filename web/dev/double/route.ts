/** What a route of the double is: a method, a path with names in it, and what answers. */
import { type Call, Refusal } from "./http.ts";

export type Handler = (call: Call) => void | Promise<void>;
export type Route = [method: string, pattern: Pattern, handle: Handler];

/** `/api/jobs/:id` and alike. */
class Pattern {
  readonly #wanted: string[];

  constructor(path: string) {
    this.#wanted = path.split("/");
  }

  groupsOf(pathname: string): Record<string, string> | null {
    const wanted = this.#wanted;
    const found = pathname.split("/").map(decodeURIComponent);
    if (wanted.length !== found.length) return null;
    const groups: Record<string, string> = {};
    for (const [i, part] of wanted.entries()) {
      if (part.startsWith(":")) groups[part.slice(1)] = found[i] ?? "";
      else if (part !== found[i]) return null;
    }
    return groups;
  }
}

export const route = (method: string, path: string, handle: Handler): Route => [
  method,
  new Pattern(path),
  (call) => {
    if (!call.signedIn && path !== "/api/sessions") throw new Refusal(401, "Sign in first: run `stoa login`.");
    return handle(call);
  },
];
