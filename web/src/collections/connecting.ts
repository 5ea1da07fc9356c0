/** How programs reach a collection from outside, as text to copy. The key is for whoever copies it to fill in. */

export type Way = { id: string; title: string; note: string; language: string; text: string };

/** `origin` is Stoa's address, such as https://stoa.example. */
export function waysTo(collection: string, origin: string): Way[] {
  return [
    {
      id: "curl",
      title: "HTTP",
      note: "Passages with what each ranks by. Filters, modes and pages are in the guide.",
      language: "sh",
      text: curl(collection, origin),
    },
    {
      id: "openai-search",
      title: "OpenAI's client: search",
      note: "The collection is a vector store under its own name.",
      language: "python",
      text: searched(collection, origin),
    },
    {
      id: "openai-answer",
      title: "OpenAI's client: an answer from files",
      note: "Any model may be named. Stoa searches with the rights of the key before the model is asked.",
      language: "python",
      text: answered(collection, origin),
    },
    {
      id: "mcp-http",
      title: "MCP over HTTP",
      note: "For assistants and editors that speak the Model Context Protocol with a server.",
      language: "json",
      text: pretty({
        mcpServers: { stoa: { type: "http", url: `${origin}/mcp`, headers: { Authorization: "Bearer ${STOA_KEY}" } } },
      }),
    },
    {
      id: "mcp-stdio",
      title: "MCP as a program",
      note: "For those that start a program of this machine instead, such as Claude Desktop. It needs Stoa installed there.",
      language: "json",
      text: pretty({
        mcpServers: {
          stoa: { command: "stoa", args: ["mcp"], env: { STOA_URL: origin, STOA_KEY: "sk-stoa-..." } },
        },
      }),
    },
  ];
}

function curl(collection: string, origin: string): string {
  return [
    `curl ${origin}/api/collections/${encodeURIComponent(collection)}/search \\`,
    `  -H "Authorization: Bearer $STOA_KEY" -H "Content-Type: application/json" \\`,
    `  -d '{"query": "Who approves travel by air?", "limit": 5}'`,
  ].join("\n");
}

function client(origin: string): string[] {
  return [
    "import os",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url="${origin}/v1", api_key=os.environ["STOA_KEY"])`,
  ];
}

function searched(collection: string, origin: string): string {
  return [
    ...client(origin),
    `found = client.vector_stores.search("${collection}", query="Who approves travel by air?", max_num_results=5)`,
    "for result in found.data:",
    "    print(round(result.score, 2), result.filename, result.content[0].text)",
  ].join("\n");
}

function answered(collection: string, origin: string): string {
  return [
    ...client(origin),
    "answer = client.responses.create(",
    '    model="stoa-reader",',
    '    input="Who approves travel by air?",',
    `    tools=[{"type": "file_search", "vector_store_ids": ["${collection}"]}],`,
    ")",
    "print(answer.output_text)",
  ].join("\n");
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
