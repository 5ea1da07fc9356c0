/** All answers on their way. They live outside the screens, so that an answer goes on while its reader looks elsewhere. */
import { ApiError, UNREACHABLE, messageOf } from "../api/errors";
import type { ServerEvent } from "../api/sse";
import type { Conversation, Message } from "../api/types";
import { type Turn, type TurnRequest, advanceTurn, beginTurn, cutShort, failureOf, readTurnEvent } from "./turn";

export type OpenTurn = (request: TurnRequest, signal: AbortSignal) => AsyncIterable<ServerEvent>;
/** Told when a turn has come to its end: `conversation` as the API sent it, or null when the connection was cut. */
export type TurnEnded = (turn: Turn, answer: Message, conversation: Conversation | null) => void;
export type TurnFailed = (error: unknown) => void;

const CUT = "The connection was lost before the answer was complete.";
const STOPPED_EARLY = "Stopped before the answer began.";

export class LiveTurns {
  #turns = new Map<string, { turn: Turn; abort: AbortController }>();
  #listeners = new Set<() => void>();
  #frame = false;

  constructor(
    private readonly open: OpenTurn,
    private readonly ended: TurnEnded,
    private readonly failed: TurnFailed,
    private readonly nextFrame: (then: () => void) => void,
  ) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  get(conversationId: string): Turn | undefined {
    return this.#turns.get(conversationId)?.turn;
  }

  /** Ask, and follow the answer to its end. A second turn in the same conversation waits for nothing: it is not begun. */
  async start(request: TurnRequest): Promise<void> {
    const id = request.conversationId;
    const current = this.get(id);
    if (current && current.phase !== "refused") return;
    const abort = new AbortController();
    this.#put(beginTurn(request), abort);
    try {
      for await (const raw of this.open(request, abort.signal)) {
        const event = readTurnEvent(raw);
        const turn = this.get(id);
        if (!turn) return;
        if (event.event === "ended") {
          this.#end(turn, event.message, event.conversation);
          return;
        }
        if (event.event === "failed") {
          this.#end(turn, failureOf(event), null);
          return;
        }
        this.#put(advanceTurn(turn, event), abort);
      }
      this.#cut(id, "failed", CUT);
    } catch (error) {
      if (abort.signal.aborted) this.#cut(id, "stopped", STOPPED_EARLY);
      else if (error instanceof ApiError) {
        this.#cut(id, "failed", error.message);
        this.failed(error);
      } else this.#cut(id, "failed", this.get(id)?.assistantMessage ? CUT : UNREACHABLE, messageOf(error));
    }
  }

  stop(conversationId: string): void {
    this.#turns.get(conversationId)?.abort.abort();
  }

  /** Forget a turn that was refused. */
  dismiss(conversationId: string): void {
    if (this.get(conversationId)?.phase !== "refused") return;
    this.#turns.delete(conversationId);
    this.#tell();
  }

  #cut(id: string, state: "stopped" | "failed", error: string, detail?: string): void {
    const held = this.#turns.get(id);
    if (!held) return;
    if (detail) console.warn("The stream ended early:", detail);
    const answer = cutShort(held.turn, state, state === "failed" ? error : null);
    if (answer) this.#end(held.turn, answer, null);
    else this.#put({ ...held.turn, phase: "refused", error }, held.abort);
  }

  #end(turn: Turn, answer: Message, conversation: Conversation | null): void {
    this.#turns.delete(turn.request.conversationId);
    this.ended(turn, answer, conversation);
    this.#tell();
  }

  #put(turn: Turn, abort: AbortController): void {
    this.#turns.set(turn.request.conversationId, { turn, abort });
    if (this.#frame) return;
    // One paint for all the pieces that a frame brings.
    this.#frame = true;
    this.nextFrame(() => {
      this.#frame = false;
      this.#tell();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
