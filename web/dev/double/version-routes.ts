/** What the double answers about versions. */
import type { Change } from "../../src/api/types";
import { checkAssistant } from "./assistants.ts";
import { Refusal, json } from "./http.ts";
import { placeOf } from "./platform.ts";
import { type Route, route } from "./route.ts";
import { type Named, differences } from "./versions.ts";

const namedAt = (at: Record<string, string>): Named => ({ kind: at.kind ?? "", name: at.name ?? "" });
const PATH = "/api/resources/:kind/:name/versions";

export const versionRoutes: Route[] = [
  route("GET", PATH, ({ response, at, state }) => json(response, { data: state.versions.all(namedAt(at)), next_cursor: null })),
  route("GET", `${PATH}/:version/diff`, ({ response, at, query, state }) => {
    const [named, version] = [namedAt(at), Number(at.version)];
    const before = state.versions.all(named).find((each) => each.version < version);
    const against = query.has("against") ? state.versions.get(named, Number(query.get("against"))) : before;
    const found = differences(against?.resource ?? named, state.versions.get(named, version).resource);
    json(response, { version, against: against?.version ?? null, differences: found });
  }),
  route("POST", `${PATH}/:version/restore`, ({ response, at, state }) => {
    const [named, version] = [namedAt(at), Number(at.version)];
    const { resource } = state.versions.get(named, version);
    if (!resource) throw new Refusal(409, `What version ${version} said is that it was deleted.`, "conflict", "version");
    try {
      const collections = Array.from(state.resources.values()).filter(({ kind }) => kind === "Collection");
      checkAssistant(
        resource,
        "",
        collections.map(({ name }) => name),
      );
    } catch (error) {
      const told = error instanceof Refusal ? error.message : "";
      throw new Refusal(409, `Version ${version} cannot be as it was. ${told}`, "conflict", "collections");
    }
    const before = state.resources.get(placeOf(named)) ?? null;
    state.resources.set(placeOf(named), resource);
    state.versions.add(resource, "restored", version);
    json(response, { ...named, change: before ? "changed" : "created", before, after: resource } satisfies Change);
  }),
];
