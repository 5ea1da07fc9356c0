/** A request as code that runs: the key comes from the environment, nothing else is left to fill in. */
import type { Form } from "./draft";
import type { JsonObject } from "./json";
import { inJavaScript, inPython } from "./literals";

export type Language = "curl" | "python" | "javascript";

export const LANGUAGES: { id: Language; name: string }[] = [
  { id: "curl", name: "curl" },
  { id: "python", name: "Python" },
  { id: "javascript", name: "JavaScript" },
];

export interface Asked {
  form: Form;
  path: string;
  /** Of an application, without its key. */
  headers: Record<string, string>;
  /** JSON text, as it is sent. */
  body: string;
}

/** `origin` is Stoa's address, such as https://stoa.example. */
export function snippet(language: Language, asked: Asked, origin: string): string {
  const fields = JSON.parse(asked.body) as JsonObject;
  switch (language) {
    case "curl":
      return curl(asked, origin);
    case "python":
      return PYTHON[asked.form](fields, origin, extraHeaders(asked.headers));
    case "javascript":
      return asked.form === "messages" ? fetched(asked, fields, origin) : openaiJs(asked, fields, origin);
  }
}

/** From stdin, so that an image may be longer than an argument. JSON has no line that is `JSON` alone. */
function curl({ path, headers, body }: Asked, origin: string): string {
  const lines = Object.entries({ authorization: "Bearer $STOA_KEY", ...headers }).map(
    ([name, value]) => `  -H "${name}: ${value}" \\\n`,
  );
  return `curl -sS -N ${origin}${path} \\\n${lines.join("")}  --data-binary @- <<'JSON'\n${body.trim()}\nJSON\n`;
}

/** Parameters that the clients' methods have had for long. Others go into extra_body, which any version takes. */
const PARAMETERS: Record<Form, Set<string>> = {
  chat: new Set(
    (
      "model messages frequency_penalty logit_bias logprobs max_completion_tokens max_tokens metadata modalities n " +
      "parallel_tool_calls presence_penalty reasoning_effort response_format seed stop store stream stream_options " +
      "temperature tool_choice tools top_logprobs top_p user"
    ).split(" "),
  ),
  responses: new Set(
    (
      "model input include instructions max_output_tokens metadata parallel_tool_calls previous_response_id reasoning " +
      "store stream temperature text tool_choice tools top_p truncation user"
    ).split(" "),
  ),
  messages: new Set("model max_tokens messages metadata stop_sequences stream system thinking tool_choice tools".split(" ")),
};

function called(form: Form, fields: JsonObject, headers: Record<string, string>): string {
  const known = PARAMETERS[form];
  const entries = Object.entries(fields);
  const named = entries.filter(([name]) => known.has(name)).map(([name, value]) => `    ${name}=${inPython(value, "    ")},\n`);
  const rest = Object.fromEntries(entries.filter(([name]) => !known.has(name)));
  if (Object.keys(rest).length > 0) named.push(`    extra_body=${inPython(rest, "    ")},\n`);
  if (Object.keys(headers).length > 0) named.push(`    extra_headers=${inPython(headers, "    ")},\n`);
  if (form === "messages" && fields.stream !== true) named.push("    timeout=600,\n");
  return `(\n${named.join("")})`;
}

const OPENAI_PY = (origin: string) => `# pip install openai
import os

from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ["STOA_KEY"])
`;

const PYTHON: Record<Form, (fields: JsonObject, origin: string, headers: Record<string, string>) => string> = {
  chat: (fields, origin, headers) =>
    OPENAI_PY(origin) +
    (fields.stream === true
      ? `stream = client.chat.completions.create${called("chat", fields, headers)}
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
`
      : `answer = client.chat.completions.create${called("chat", fields, headers)}
message = answer.choices[0].message
print(message.content or message.tool_calls)
`),
  responses: (fields, origin, headers) =>
    OPENAI_PY(origin) +
    (fields.stream === true
      ? `stream = client.responses.create${called("responses", fields, headers)}
for event in stream:
    if event.type == "response.output_text.delta":
        print(event.delta, end="", flush=True)
print()
`
      : `answer = client.responses.create${called("responses", fields, headers)}
print(answer.output_text or answer.output)
`),
  messages: (fields, origin, headers) =>
    `# pip install anthropic
import os

from anthropic import Anthropic

client = Anthropic(base_url="${origin}", api_key=os.environ["STOA_KEY"])
` +
    (fields.stream === true
      ? `stream = client.messages.create${called("messages", fields, headers)}
for event in stream:
    if event.type == "content_block_delta" and event.delta.type == "text_delta":
        print(event.delta.text, end="", flush=True)
print()
`
      : `answer = client.messages.create${called("messages", fields, headers)}
for block in answer.content:
    print(block.text if block.type == "text" else block)
`),
};

function openaiJs({ form, headers }: Asked, fields: JsonObject, origin: string): string {
  const extra = extraHeaders(headers);
  const options = Object.keys(extra).length > 0 ? `, { headers: ${inJavaScript(extra)} }` : "";
  const method = form === "chat" ? "chat.completions" : "responses";
  const create = `await client.${method}.create(${inJavaScript(fields)}${options});`;
  const written = {
    chat: ['process.stdout.write(chunk.choices[0]?.delta?.content ?? "")', "answer.choices[0].message.content"],
    responses: ['if (chunk.type === "response.output_text.delta") process.stdout.write(chunk.delta)', "answer.output_text"],
  }[form === "chat" ? "chat" : "responses"];
  const tail =
    fields.stream === true
      ? `const stream = ${create}\nfor await (const chunk of stream) ${written[0] ?? ""};\n`
      : `const answer = ${create}\nconsole.log(${written[1] ?? ""});\n`;
  return `// npm install openai, and save this as ask.mjs
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${origin}/v1", apiKey: process.env.STOA_KEY });
${tail}`;
}

function fetched({ path, headers }: Asked, fields: JsonObject, origin: string): string {
  const lines = Object.entries(headers).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  const tail =
    fields.stream === true
      ? "for await (const piece of response.body.pipeThrough(new TextDecoderStream())) process.stdout.write(piece);\n"
      : "const answer = await response.json();\nconsole.log(answer.content);\n";
  return `// Save this as ask.mjs
const response = await fetch("${origin}${path}", {
  method: "POST",
  headers: {
    authorization: \`Bearer \${process.env.STOA_KEY}\`,
${lines.join("")}  },
  body: JSON.stringify(${inJavaScript(fields, "  ")}),
});
if (!response.ok) throw new Error(await response.text());
${tail}`;
}

const SENT_BY_CLIENTS = new Set(["content-type", "anthropic-version"]);

function extraHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SENT_BY_CLIENTS.has(name)));
}
