/** What a guard of each type can be told: its fields as the form shows them, and what it begins with. */

interface Told {
  /** In the resource. */
  name: string;
  label: string;
  hint?: string;
}

export type FieldSpec = Told &
  (
    | { kind: "text" | "number" | "words" | "lines" | "json" | "topics"; placeholder?: string }
    | { kind: "check"; fallback: boolean }
    | { kind: "select"; options: Record<string, string> }
  );

type Stage = "input" | "output";
type Stream = "window" | "whole" | "refuse";

export interface GuardSpec {
  name: string;
  meaning: string;
  /** The first one is taken where none is said; none at all where the guard says itself. */
  actions: string[];
  /** The first one is what it judges where nothing is said. */
  stages: Stage[][];
  /** The same of streams; none where there is no choice. */
  streams: Stream[];
  fields: FieldSpec[];
  begins: Record<string, unknown>;
}

const BOTH: Stage[][] = [["input", "output"], ["input"], ["output"]];
const INPUT: Stage[][] = [["input"]];
const WINDOW: Stream[] = ["window", "whole", "refuse"];
const WHOLE: Stream[] = ["whole", "refuse"];

export const ACTIONS: Record<string, string> = {
  refuse: "Refuse",
  mask: "Mask",
  tokenise: "Put placeholders, and take them back",
  warn: "Only record",
};
export const STAGES: Record<string, string> = {
  "input,output": "requests and answers",
  input: "requests",
  output: "answers",
};
export const STREAMS: Record<Stream, string> = {
  window: "held back as far as needed",
  whole: "held until it is whole",
  refuse: "no streams",
};

export const GUARDS: Record<string, GuardSpec> = {
  personal: {
    name: "Personal data",
    meaning: "Addresses, numbers of accounts, cards and identities, and more.",
    actions: ["mask", "tokenise", "refuse", "warn"],
    stages: BOTH,
    streams: WINDOW,
    fields: [
      { name: "kinds", label: "Kinds", kind: "words", hint: "Such as EMAIL_ADDRESS, IBAN_CODE. All if left out." },
      { name: "min_score", label: "Least score", kind: "number", placeholder: "0.5" },
      { name: "engine", label: "Found by", kind: "select", options: { builtin: "Stoa", presidio: "Presidio" } },
    ],
    begins: {},
  },
  secrets: {
    name: "Secrets",
    meaning: "Keys, tokens and passwords.",
    actions: ["mask", "tokenise", "refuse", "warn"],
    stages: BOTH,
    streams: WINDOW,
    fields: [{ name: "kinds", label: "Kinds", kind: "words", hint: "All if left out." }],
    begins: {},
  },
  injection: {
    name: "Prompt injection",
    meaning: "Text that turns to the model instead of the matter.",
    actions: ["refuse", "warn"],
    stages: INPUT,
    streams: [],
    fields: [
      { name: "profile", label: "Profile", kind: "select", options: { balanced: "Balanced", strict: "Strict" } },
      { name: "threshold", label: "Least score", kind: "number", placeholder: "the profile’s" },
      { name: "sources", label: "Of", kind: "words", hint: "user, tools, documents. All if left out." },
    ],
    begins: {},
  },
  words: {
    name: "Words",
    meaning: "Words and phrases: lists that come with Stoa, and your own.",
    actions: ["refuse", "mask", "tokenise", "warn"],
    stages: BOTH,
    streams: WINDOW,
    fields: [
      { name: "deny", label: "Words", kind: "lines", hint: "One on each line." },
      { name: "patterns", label: "Patterns", kind: "lines", hint: "Regular expressions of RE2, one on each line." },
      { name: "languages", label: "Toxic words of", kind: "words", hint: "Languages, such as en, de. None if left out." },
      {
        name: "severity",
        label: "From",
        kind: "select",
        options: { strong: "Strong words", mild: "Mild words", severe: "Severe words" },
      },
    ],
    begins: {},
  },
  topics: {
    name: "Topics",
    meaning: "What is spoken about, by how near it comes to example sentences.",
    actions: ["refuse", "warn"],
    stages: [["input"], ["output"], ["input", "output"]],
    streams: WHOLE,
    fields: [
      { name: "deny", label: "Not about", kind: "topics" },
      { name: "allow", label: "Only about", kind: "topics", hint: "With one of these, all else is off topic." },
      { name: "similarity", label: "How near", kind: "number", placeholder: "what was measured" },
      { name: "embedding_model", label: "Embedded by", kind: "text", placeholder: "stoa-embed" },
    ],
    begins: {},
  },
  size: {
    name: "Size",
    meaning: "How large a request may be.",
    actions: ["refuse", "warn"],
    stages: INPUT,
    streams: [],
    fields: [
      { name: "characters", label: "Characters", kind: "number" },
      { name: "tokens", label: "Tokens", kind: "number" },
      { name: "messages", label: "Messages", kind: "number" },
    ],
    begins: {},
  },
  shape: {
    name: "Shape",
    meaning: "Characters that nobody sees, other writing systems, floods of one word.",
    actions: ["refuse", "mask", "warn"],
    stages: [["input"], ["output"], ["input", "output"]],
    streams: WINDOW,
    fields: [
      { name: "invisible", label: "Characters that nobody sees", kind: "check", fallback: true },
      {
        name: "scripts",
        label: "Writing systems",
        kind: "words",
        hint: "Those that are allowed, such as latin. All if left out.",
      },
      { name: "repeated", label: "Repeated at most", kind: "number", hint: "How often one word may follow itself." },
    ],
    begins: {},
  },
  schema: {
    name: "Schema",
    meaning: "The answer has to be JSON of this schema.",
    actions: ["refuse", "warn"],
    stages: [["output"]],
    streams: WHOLE,
    fields: [{ name: "schema", label: "JSON schema", kind: "json" }],
    begins: { schema: { type: "object" } },
  },
  http: {
    name: "Own service",
    meaning: "A service of your own is asked, and says by its reply what is done.",
    actions: [],
    stages: BOTH,
    streams: WHOLE,
    fields: [
      { name: "name", label: "Called", kind: "text", placeholder: "http", hint: "In verdicts." },
      { name: "url", label: "Address", kind: "text", placeholder: "http://10.0.0.8/judge" },
      { name: "headers", label: "Headers", kind: "json", hint: "Values are stored encrypted and shown masked." },
      { name: "timeout_s", label: "Waits for", kind: "number", placeholder: "2", hint: "Seconds." },
    ],
    begins: { url: "" },
  },
};
