/** Datasets of the double: one that is there from the start, with an example of every kind, and those that a test makes. */
import type { AddedExamples, Dataset, Example } from "../../src/api/types";
import { Refusal, bytesOf, json, jsonOf } from "./http.ts";
import { contentOf, traced } from "./requests.ts";
import { type Route, route } from "./route.ts";
import { newId, now } from "./state.ts";

interface Version {
  version: number;
  change: "added" | "imported" | "changed" | "removed";
  changed: number;
  items: number;
  by: string;
  at: string;
  examples: Example[];
}

export interface HeldDataset {
  dataset: Dataset;
  versions: Version[];
}

const message = (role: string, content: string) => ({ role, content });

function exampleOf(changed: Partial<Example>): Example {
  return {
    id: newId("ex"),
    since: 1,
    state: "readable",
    origin: { source: "given", request: null, model: null, snapshot: null, asked_at: null, masked: false },
    expires_at: null,
    by: "user-1",
    at: now(),
    messages: [message("user", "What do I wear in a laboratory of class B2?")],
    tools: null,
    answer: null,
    expected: null,
    notes: "",
    ...changed,
  };
}

const asked = (request: string, masked = false): Partial<Example> => ({
  origin: { source: "request", request, model: "gpt-4.1", snapshot: 214, asked_at: now(), masked },
  expires_at: new Date(Date.now() + 6 * 86_400_000).toISOString(),
});

export class Datasets extends Map<string, HeldDataset> {
  constructor() {
    super();
    this.make("pens", "How long pens may be kept, to tune with");
    const gone = { state: "erased" as const, messages: null, notes: null };
    this.change("pens", "added", 4, () => [
      exampleOf({ ...asked("01kbfx2m9dq4v99990000000aa"), ...answered("For 28 days, below 30 °C.") }),
      exampleOf({ answer: message("assistant", "A coat."), expected: message("assistant", "Coat, goggles and gloves.") }),
      exampleOf({ ...asked("01kbfx2m9dq4v99980000000aa"), ...gone }),
      exampleOf({
        notes: "From the safety course",
        messages: [message("system", "Be brief."), message("user", "Who is called?")],
      }),
    ]);
  }

  make(name: string, description: string): Dataset {
    if (this.has(name)) throw new Refusal(409, `There is a dataset '${name}' already; choose another name.`);
    const dataset: Dataset = {
      name,
      description,
      team: "company",
      version: 0,
      items: 0,
      created_by: "user-1",
      created_at: now(),
      changed_at: now(),
      may: ["read", "add", "update", "delete"],
    };
    this.set(name, { dataset, versions: [] });
    return dataset;
  }

  one(name: string | undefined): HeldDataset {
    const found = this.get(name ?? "");
    if (!found) throw new Refusal(404, `There is no dataset '${name ?? ""}' that you may see.`);
    return found;
  }

  examples(name: string | undefined, version?: number): Example[] {
    const { versions, dataset } = this.one(name);
    return versions.find((each) => each.version === (version ?? dataset.version))?.examples ?? [];
  }

  change(name: string, change: Version["change"], changed: number, make: (before: Example[]) => Example[]): void {
    const { dataset, versions } = this.one(name);
    const examples = make(this.examples(name));
    dataset.version += 1;
    dataset.items = examples.length;
    dataset.changed_at = now();
    versions.unshift({ version: dataset.version, change, changed, items: examples.length, by: "user-1", at: now(), examples });
  }

  add(name: string, requests: string[]): AddedExamples {
    const there = new Set(this.examples(name).map(({ origin }) => origin.request));
    const found: Example[] = [];
    const left: AddedExamples["left"] = [];
    for (const request of requests) {
      const { messages } = contentOf(request);
      if (there.has(request)) left.push({ request, reason: "there_already", message: "It is in the dataset already." });
      else if (!messages) left.push({ request, reason: "not_kept", message: "Nothing of it is kept." });
      else {
        const masked = traced(request).request.attempts === 2;
        found.push(exampleOf({ ...asked(request, masked), messages: messages.slice(0, -1), answer: messages.at(-1) ?? null }));
      }
    }
    if (found.length) this.change(name, "added", found.length, (before) => [...before, ...found]);
    return { ids: found.map(({ id }) => id), left, dataset: this.one(name).dataset };
  }
}

function answered(text: string): Partial<Example> {
  return {
    messages: [message("user", "How long may an Insuvara pen be kept after its first use?")],
    answer: message("assistant", text),
  };
}

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
    json(response, state.datasets.add(at.name ?? "", requests), 201);
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
  route("POST", "/api/datasets/:name/items/remove", async ({ request, response, at, state }) => {
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
