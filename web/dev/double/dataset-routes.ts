/** Routes of datasets in the double. */
import type { Example } from "../../src/api/types";
import { exampleOf, message } from "./datasets.ts";
import { Refusal, bytesOf, json, jsonOf } from "./http.ts";
import { contentOf } from "./requests.ts";
import { type Route, route } from "./route.ts";

export const datasetRoutes: Route[] = [
  route("GET", "/api/datasets", ({ response, state }) => {
    const data = Array.from(state.datasets.values(), ({ dataset }) => dataset);
    json(response, { data: data.sort((a, b) => a.name.localeCompare(b.name)), next_cursor: null });
  }),
  route("POST", "/api/datasets", async ({ request, response, state }) => {
    const { name, description } = await jsonOf<{ name: string; description: string }>(request);
    json(response, state.datasets.make(name, description), 201);
  }),
  route("GET", "/api/datasets/:name", ({ response, at, state }) => json(response, state.datasets.one(at.name).dataset)),
  route("DELETE", "/api/datasets/:name", ({ response, at, state }) => {
    state.datasets.delete(state.datasets.one(at.name).dataset.name);
    response.writeHead(204).end();
  }),
  route("GET", "/api/datasets/:name/versions", ({ response, at, state }) => {
    const data = state.datasets.one(at.name).versions.map(({ examples, ...told }) => ({ ...told, items: examples.length }));
    json(response, { data, next_cursor: null });
  }),
  route("GET", "/api/datasets/:name/items", ({ response, at, query, state }) => {
    const [version, expected, text] = ["version", "expected", "text"].map((name) => query.get(name));
    const fits = (each: Example) =>
      (!expected || (expected === "true") === (each.expected !== null)) &&
      (!text || JSON.stringify(each).toLowerCase().includes(text.toLowerCase()));
    const data = state.datasets.examples(at.name, version ? Number(version) : undefined).filter(fits);
    json(response, { data, next_cursor: null });
  }),
  route("POST", "/api/datasets/:name/items", async ({ request, response, at, state }) => {
    const { requests } = await jsonOf<{ requests: string[] }>(request);
    json(response, state.datasets.add(at.name ?? "", requests, contentOf), 201);
  }),
  route("PATCH", "/api/datasets/:name/items/:id", async ({ request, response, at, state }) => {
    const said = await jsonOf<{ expected: string | null; notes: string }>(request);
    const { dataset } = state.datasets.one(at.name);
    const found = state.datasets.examples(at.name).find((each) => each.id === at.id);
    if (!found) throw new Refusal(404, `There is no example '${at.id ?? ""}'.`);
    const expected = said.expected === null ? null : message("assistant", said.expected);
    const changed = { ...found, expected, notes: said.notes, since: dataset.version + 1 };
    state.datasets.change(dataset.name, "changed", 1, (all) => all.map((each) => (each.id === at.id ? changed : each)));
    json(response, changed);
  }),
  route("POST", "/api/datasets/:name/removals", async ({ request, response, at, state }) => {
    const { ids } = await jsonOf<{ ids: string[] }>(request);
    const { dataset } = state.datasets.one(at.name);
    state.datasets.change(dataset.name, "removed", ids.length, (all) => all.filter(({ id }) => !ids.includes(id)));
    json(response, { removed: ids.length, dataset });
  }),
  route("POST", "/api/datasets/:name/import", async ({ request, response, at, query, state }) => {
    const lines = (await bytesOf(request))
      .toString()
      .split("\n")
      .filter((line) => line.startsWith('{"messages"'));
    const good = lines.filter((line) => !line.includes('"you"'));
    const bad = lines.length - good.length;
    const partly = query.get("partly") === "true";
    if (bad && !partly) {
      const why = `1 of ${lines.length} lines are wrong, so that none was taken: line 2: messages[0].role is 'you'.`;
      throw new Refusal(400, why, "bad_lines", "line 2");
    }
    const { dataset } = state.datasets.one(at.name);
    const origin = { ...exampleOf({}).origin, source: "import" as const };
    const found = good.map((line) => exampleOf({ ...(JSON.parse(line) as Partial<Example>), origin }));
    state.datasets.change(dataset.name, "imported", found.length, (all) => [...all, ...found]);
    const faults = bad ? [{ line: 2, message: "messages[0].role is 'you'.", param: "messages[0].role" }] : [];
    json(response, { added: found.length, faults, dataset });
  }),
];
