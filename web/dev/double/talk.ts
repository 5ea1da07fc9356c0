/** How the double answers. Words in the question choose what happens: slow, fail, drop, budget, weather, table. */
import type { ServerResponse } from "node:http";
import type { Citation, Message, SentenceCheck } from "../../src/api/types";
import { type Page, pages } from "./handbook.ts";
import { Refusal, eventsTo, pause } from "./http.ts";
import { type Held, newId, now } from "./state.ts";

const TABLE = `Per diem rates depend on the country [1]:

| Country | Full day | Half day |
|---|---:|---:|
| Switzerland | 68 EUR | 34 EUR |
| Germany | 52 EUR | 26 EUR |
| Spain | 45 EUR | 22 EUR |

They are claimed with the command below.

\`\`\`python
claim = expenses.new("2026-11-03", country="CH")
claim.submit()
\`\`\`

<script>alert("never runs")</script>

![a map](https://images.invalid/map.png)`;

const ANSWER =
  "Employees travel second class by rail; first class may be booked for journeys of more than three hours when the fare is at most 30 percent above second class [1]. " +
  "Business class by air is allowed on flights of more than **seven hours** and needs the approval of the department head [1].\n\n" +
  "In laboratories of class B2, safety glasses, a closed lab coat and nitrile gloves are worn at all times [2]. Visitors are always accompanied.";

/** The second sentence is doubted, and what follows without a passage is told apart. */
function checks(text: string): SentenceCheck[] {
  const found = text === ANSWER ? Array.from(text.matchAll(/[^.]+\[\d\]\.|[^.]+\./g)) : [];
  return found.map(({ 0: part, index }, i) => {
    const start = index + part.length - part.trimStart().length;
    const doubted = { state: "unsupported" as const, numbers: [1], missing: ["seven"] };
    const cited = { state: "supported" as const, numbers: [i === 2 ? 2 : 1], missing: [] };
    const bare = { state: "uncited" as const, numbers: [], missing: [] };
    return { start, end: index + part.length, ...(i === 1 ? doubted : i > 2 ? bare : cited) };
  });
}

const NOT_FOUND = "The documents do not answer this question. You could ask about travel, expenses, laboratory safety or leave.";

function citation(n: number, { document, heading, page, text }: Page): Citation {
  const passage = text.split("\n\n").at(-2) ?? text;
  const start = text.indexOf(passage);
  return {
    n,
    document_id: document.id,
    collection: document.collection,
    title: document.title,
    path: document.path,
    heading,
    page,
    start,
    end: start + passage.length,
    passage,
    score: 1 / n,
  };
}

function message(held: Held, role: "user" | "assistant", content: string): Message {
  const last = held.messages.at(-1)?.position ?? -1;
  return {
    id: newId(role),
    position: last + 1,
    role,
    content,
    model: role === "assistant" ? held.conversation.model : null,
    citations: [],
    closest: [],
    verification: null,
    state: role === "assistant" ? "streaming" : "complete",
    error: null,
    created_at: now(),
    usage: null,
    feedback: null,
  };
}

export function ask(held: Held, content: string, replaces?: string): { question: Message; answer: Message } {
  if (content.includes("budget")) {
    throw new Refusal(
      429,
      "Team 'company' has spent its budget of $50.00 for November. An administrator can raise it.",
      "budget_spent",
    );
  }
  const from = held.messages.findIndex((each) => each.id === replaces);
  if (from >= 0) held.messages.length = from;
  const question = message(held, "user", content);
  held.messages.push(question);
  if (held.conversation.title === "New conversation") held.conversation.title = content.slice(0, 60);
  return { question, answer: again(held) };
}

export function again(held: Held, messageId?: string): Message {
  const from = held.messages.findIndex((each) => each.id === messageId);
  if (from >= 0) held.messages.length = from;
  const answer = message(held, "assistant", "");
  held.messages.push(answer);
  return answer;
}

export async function stream(response: ServerResponse, held: Held, question: Message | null, answer: Message) {
  const asked = held.messages.findLast((each) => each.role === "user")?.content ?? "";
  const text = asked.includes("weather") ? NOT_FOUND : asked.includes("table") ? TABLE : ANSWER;
  const send = eventsTo(response);
  send("started", { user_message: question, assistant_message: answer });
  held.conversation.updated_at = now();
  for (const [i, word] of text.split(/(?<=\s)/).entries()) {
    await pause(asked.includes("slow") ? 220 : 18);
    if (response.destroyed) {
      answer.state = "stopped";
      return;
    }
    if (i === 8 && asked.includes("fail")) {
      fail(response, send, answer);
      return;
    }
    if (i === 8 && asked.includes("drop")) return void response.destroy();
    answer.content += word;
    send("delta", { text: word });
  }
  answer.state = "complete";
  answer.citations = text === NOT_FOUND ? [] : pages.slice(0, text === TABLE ? 1 : 2).map((page, i) => citation(i + 1, page));
  answer.usage = { prompt_tokens: 812, completion_tokens: 96, cost_nano_usd: 1_830_000 };
  send("citations", { citations: answer.citations });
  if (text === NOT_FOUND) {
    answer.closest = pages.slice(0, 2).map((page, i) => citation(i + 1, page));
    send("closest", { closest: answer.closest });
  }
  if (text !== TABLE) {
    answer.verification = checks(text);
    send("verification", { verification: answer.verification });
  }
  send("ended", { message: answer, conversation: held.conversation });
  response.end();
}

function fail(response: ServerResponse, send: (event: string, data: unknown) => void, answer: Message): void {
  answer.state = "failed";
  answer.error = "The model 'stoa-reader' did not answer within 60 s. Try again, or choose another model.";
  send("failed", { error: { message: answer.error, code: "provider_timeout" }, message: answer });
  response.end();
}
