/** Datasets of the double: one that is there from the start, with an example of every kind, and those that a test makes. */
import type { AddedExamples, Dataset, Example, TraceContent } from "../../src/api/types";
import { Refusal } from "./http.ts";
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

export const message = (role: string, content: string) => ({ role, content });

export function exampleOf(changed: Partial<Example>): Example {
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

  add(name: string, requests: string[], contentOf: (id: string) => TraceContent): AddedExamples {
    const there = new Set(this.examples(name).map(({ origin }) => origin.request));
    const found: Example[] = [];
    const left: AddedExamples["left"] = [];
    for (const request of requests) {
      const { messages, masked } = contentOf(request);
      if (there.has(request)) left.push({ request, reason: "there_already", message: "It is in the dataset already." });
      else if (!messages) left.push({ request, reason: "not_kept", message: "Nothing of it is kept." });
      else {
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
