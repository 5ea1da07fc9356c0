import { describe, expect, it } from "vitest";
import { inJavaScript, inPython } from "./literals";
import { type Asked, snippet } from "./snippets";

const ORIGIN = "https://stoa.example";

function asked(fields: object, rest: Partial<Asked> = {}): Asked {
  return {
    form: "chat",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
    ...rest,
  };
}

const messages = [{ role: "user", content: "It's “so” $HOME\n" }];

describe("snippet", () => {
  it("gives curl the body as it is, where no shell looks into it", () => {
    const body = '{\n  "model": "a", "n": 1.0, "q": "it\'s $HOME `x`"\n}';
    expect(snippet("curl", asked({}, { body }), ORIGIN)).toBe(
      `curl -sS -N https://stoa.example/v1/chat/completions \\
  -H "authorization: Bearer $STOA_KEY" \\
  -H "content-type: application/json" \\
  --data-binary @- <<'JSON'
${body}
JSON
`,
    );
  });

  it("names what the Python client knows and passes on the rest", () => {
    const headers = { "content-type": "application/json", "cache-control": "no-cache" };
    expect(snippet("python", asked({ model: "a", messages, top_k: 5 }, { headers }), ORIGIN)).toBe(`# pip install openai
import os

from openai import OpenAI

client = OpenAI(base_url="https://stoa.example/v1", api_key=os.environ["STOA_KEY"])
answer = client.chat.completions.create(
    model="a",
    messages=[{"role": "user", "content": "It's “so” $HOME\\n"}],
    extra_body={"top_k": 5},
    extra_headers={"cache-control": "no-cache"},
)
message = answer.choices[0].message
print(message.content or message.tool_calls)
`);
  });

  it("uses Anthropic's client for the messages form", () => {
    const code = snippet("python", asked({ model: "a", max_tokens: 9, stream: true }, { form: "messages" }), ORIGIN);
    expect(code).toContain('Anthropic(base_url="https://stoa.example", api_key=os.environ["STOA_KEY"])');
    expect(code).toContain("    stream=True,\n)");
    expect(code).toContain("event.delta.text");
  });

  it("streams in JavaScript with the openai client", () => {
    const code = snippet("javascript", asked({ model: "a", stream: true }), ORIGIN);
    expect(code).toContain('new OpenAI({ baseURL: "https://stoa.example/v1", apiKey: process.env.STOA_KEY })');
    expect(code).toContain('client.chat.completions.create({ model: "a", stream: true });');
    expect(code).toContain("for await (const chunk of stream)");
  });

  it("uses fetch in JavaScript for the messages form", () => {
    const form = { form: "messages" as const, path: "/v1/messages", headers: { "anthropic-version": "2023-06-01" } };
    const code = snippet("javascript", asked({ model: "a" }, form), ORIGIN);
    expect(code).toContain('fetch("https://stoa.example/v1/messages"');
    expect(code).toContain('    "anthropic-version": "2023-06-01",\n');
  });

  it("holds no key", () => {
    for (const language of ["curl", "python", "javascript"] as const) {
      const code = snippet(language, asked({ model: "a" }), ORIGIN);
      expect(code).toContain("STOA_KEY");
      expect(code).not.toMatch(/sk-stoa|stoa-behalf/);
    }
  });
});

describe("literals", () => {
  it("are Python's", () => {
    expect(inPython({ a: [true, null, -1.5, 'é\u2028"\\'] })).toBe('{"a": [True, None, -1.5, "é\u2028\\"\\\\"]}');
  });

  it("break where a line would be too long", () => {
    const long = "x".repeat(60);
    expect(inPython([long, { [long]: [] }])).toBe(`[\n    "${long}",\n    {"${long}": []},\n]`);
    expect(inJavaScript({ a: long, "b-c": long }, "  ")).toBe(`{\n    a: "${long}",\n    "b-c": "${long}",\n  }`);
  });

  it("set no prototype", () => {
    expect(inJavaScript(JSON.parse('{"__proto__": 1}') as never)).toBe('{ ["__proto__"]: 1 }');
  });
});
