/** A source as the form holds it: everything as the text that was typed. */
import type { ResourceFields } from "../api/types";
import { words } from "../routes/draft";

export interface FieldOf {
  id: string;
  label: string;
  hint?: string;
  placeholder?: string;
  required?: boolean;
  /** Text if left out. */
  kind?: "choice" | "flag" | "list" | "number" | "long" | "pairs";
  choices?: [string, string][];
}

export interface TypeOf {
  name: string;
  about: string;
  fields: FieldOf[];
  credentials: FieldOf[];
}

const SIDECAR_OR_NONE: FieldOf = {
  id: "rights",
  label: "Rights of files",
  kind: "choice",
  choices: [
    ["sidecar", "as .stoa-rights.yaml says"],
    ["none", "as this source says"],
  ],
};

/** What each type is told; see `domain/sources.py`. What is left empty is left out. */
export const TYPES: Record<string, TypeOf> = {
  folder: {
    name: "Folder",
    about: "A folder of the machine that Stoa runs on, indexed where it lies. Only folders that worker.folders allows.",
    fields: [
      { id: "path", label: "Path", placeholder: "/srv/handbook", required: true },
      {
        ...SIDECAR_OR_NONE,
        choices: [
          ["sidecar", "as .stoa-rights.yaml says"],
          ["posix", "by owner, group, mode and ACL"],
          ["none", "as this source says"],
        ],
      },
    ],
    credentials: [],
  },
  bucket: {
    name: "Bucket (S3)",
    about: "A bucket of S3 or of what speaks like it.",
    fields: [
      { id: "bucket", label: "Bucket", required: true },
      { id: "prefix", label: "Prefix", placeholder: "all of it" },
      { id: "endpoint", label: "Endpoint", placeholder: "AWS", hint: "Such as https://minio.example.com" },
      { id: "region", label: "Region" },
      SIDECAR_OR_NONE,
    ],
    credentials: [
      { id: "access_key_id", label: "Access key id", hint: "Left empty, the machine's own are used." },
      { id: "secret_access_key", label: "Secret access key" },
    ],
  },
  git: {
    name: "Git",
    about: "The files of one branch of a repository.",
    fields: [
      { id: "url", label: "URL", placeholder: "https://git.example.com/team/wiki.git", required: true },
      { id: "branch", label: "Branch", placeholder: "its own default" },
      { id: "folder", label: "Folder", placeholder: "all of it" },
      SIDECAR_OR_NONE,
    ],
    credentials: [
      { id: "username", label: "User name" },
      { id: "password", label: "Password or token" },
    ],
  },
  website: {
    name: "Website",
    about: "The pages below one address, by its sitemap and its links. robots.txt is honoured.",
    fields: [
      { id: "url", label: "Address", placeholder: "https://docs.example.com/", required: true },
      { id: "most_pages", label: "Pages at most", placeholder: "10000", kind: "number" },
      { id: "requests_per_s", label: "Requests a second", placeholder: "2", kind: "number" },
    ],
    credentials: [],
  },
  sql: {
    name: "Database query",
    about: "The rows of one SELECT, each a document.",
    fields: [
      { id: "query", label: "Query", kind: "long", placeholder: "SELECT id, title, body FROM pages", required: true },
      { id: "id_column", label: "Column of the id", placeholder: "id", required: true },
      { id: "text_columns", label: "Columns of the text", kind: "list", placeholder: "body", required: true },
      { id: "title_column", label: "Column of the title" },
      { id: "version_column", label: "Column that changes with the row", hint: "Such as updated_at; else the row's content." },
      { id: "allow_column", label: "Column of who may read it" },
      { id: "deny_column", label: "Column of who may not" },
    ],
    credentials: [
      { id: "url", label: "URL of the database", placeholder: "postgresql://reader:password@host/wiki", required: true },
    ],
  },
  mail: {
    name: "E-mail",
    about: "A mailbox over IMAP, or an mbox file or Maildir on the machine; a thread is a document.",
    fields: [
      { id: "host", label: "IMAP server", placeholder: "imap.example.com" },
      { id: "mailbox", label: "Mailbox", placeholder: "INBOX" },
      { id: "path", label: "Or a path", placeholder: "/var/mail/support", hint: "Instead of a server." },
    ],
    credentials: [
      { id: "username", label: "User name" },
      { id: "password", label: "Password" },
    ],
  },
  push: {
    name: "Push",
    about: "Nothing is fetched: your applications send documents, each with rights of its own.",
    fields: [],
    credentials: [],
  },
  plugin: {
    name: "Plugin",
    about: "What an installed package brings under the entry point group stoa.sources.",
    fields: [
      { id: "plugin", label: "Name of the plugin", required: true },
      { id: "options", label: "Options", kind: "pairs", placeholder: "space = DOCS", hint: "One a line, as name = value." },
    ],
    credentials: [{ id: "token", label: "Token" }],
  },
};

export interface Draft {
  name: string;
  type: string;
  origin: Record<string, string>;
  credentials: Record<string, string>;
  every: string;
  watch: boolean;
  window: string;
  time_zone: string;
  allow: string;
  deny: string;
  include: string;
  exclude: string;
}

export const newDraft = (type = "folder"): Draft => ({
  name: "",
  type,
  origin: {},
  credentials: {},
  every: type === "push" ? "" : "15m",
  watch: false,
  window: "",
  time_zone: "",
  allow: "",
  deny: "",
  include: "",
  exclude: "",
});

/** What is to be applied. A number that is none goes as it is: the API says what is wrong with it. */
export function resourceOf(draft: Draft, collection: string): ResourceFields {
  const type = TYPES[draft.type];
  const origin = valuesOf(type?.fields ?? [], draft.origin);
  const credentials = valuesOf(type?.credentials ?? [], draft.credentials);
  const isFetched = draft.type !== "push";
  const given = {
    credentials,
    every: isFetched ? draft.every.trim() : "",
    watch: draft.type === "folder" && draft.watch ? true : undefined,
    window: isFetched ? draft.window.trim() : "",
    time_zone: draft.window.trim() ? draft.time_zone.trim() : "",
    allow: words(draft.allow),
    deny: words(draft.deny),
    include: words(draft.include),
    exclude: words(draft.exclude),
  };
  const told = Object.entries(given).filter(([, value]) => value !== undefined && !isEmpty(value));
  return {
    kind: "Source",
    name: draft.name.trim(),
    collection,
    origin: { type: draft.type, ...origin },
    ...Object.fromEntries(told),
  };
}

function valuesOf(fields: FieldOf[], typed: Record<string, string>): Record<string, unknown> {
  const found = fields.flatMap((field): [string, unknown][] => {
    const text = (typed[field.id] ?? "").trim();
    if (text === "" || (field.kind === "choice" && text === field.choices?.[0]?.[0])) return [];
    return [[field.id, valueOf(field, text)]];
  });
  return Object.fromEntries(found);
}

function valueOf({ kind }: FieldOf, text: string): unknown {
  switch (kind) {
    case "list":
      return words(text);
    case "number":
      return Number.isNaN(Number(text)) ? text : Number(text);
    case "pairs":
      return Object.fromEntries(
        text.split("\n").flatMap((line): [string, string][] => {
          const [name = "", ...rest] = line.split("=");
          return name.trim() ? [[name.trim(), rest.join("=").trim()]] : [];
        }),
      );
    default:
      return text;
  }
}

const isEmpty = (value: unknown): boolean =>
  value === "" ||
  (Array.isArray(value) ? value.length === 0 : typeof value === "object" && value !== null && Object.keys(value).length === 0);
