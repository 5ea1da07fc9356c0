/** The runs of all columns. One that fails or is stopped leaves the others alone. */
import { ApiError, UNREACHABLE, messageOf } from "../api/errors";
import type { ServerEvent } from "../api/sse";
import type { UsageRequest } from "../api/types";
import { type Run, RunFollower, beginRun, isUnderWay, readRunEvent } from "./run";
import type { Asked } from "./snippets";

export interface Ports {
  open: (asked: Asked, signal: AbortSignal) => AsyncIterable<ServerEvent>;
  /** What a request was billed, once it is known; null when it takes too long. */
  account: (requestId: string) => Promise<UsageRequest | null>;
  now: () => number;
  nextFrame: (then: () => void) => void;
}

const CUT = "The connection was lost before the answer was complete.";

export class Runs {
  #runs = new Map<string, { run: Run; abort: AbortController }>();
  #shown = new Map<string, Run>();
  #listeners = new Set<() => void>();
  #frame = false;

  constructor(private readonly ports: Ports) {}

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until something has changed. */
  all = (): ReadonlyMap<string, Run> => this.#shown;

  /** Ask, in the place of what the column had before. */
  async start(column: string, asked: Asked, model: string): Promise<void> {
    this.stop(column);
    const abort = new AbortController();
    const follower = new RunFollower(beginRun(asked, model));
    const put = (run: Run) => {
      if (this.#runs.get(column)?.abort === abort) this.#put(column, run, abort);
    };
    const started = this.ports.now();
    this.#put(column, follower.current, abort);
    try {
      for await (const event of this.ports.open(asked, abort.signal)) put(follower.take(readRunEvent(event)));
      if (isUnderWay(follower.current)) throw new ApiError(CUT, 0);
    } catch (error) {
      if (isUnderWay(follower.current)) {
        const told =
          error instanceof ApiError && error.message !== UNREACHABLE
            ? error.message
            : follower.current.status
              ? CUT
              : messageOf(error);
        const stopped = abort.signal.aborted;
        put(follower.cut(stopped ? "stopped" : "failed", stopped ? null : told, this.ports.now() - started));
      }
    }
    const { account, requestId } = follower.current;
    if (account !== "waiting" || requestId === null) return;
    put(follower.accounted(await this.ports.account(requestId).catch(() => null)));
  }

  stop(column: string): void {
    this.#runs.get(column)?.abort.abort();
  }

  stopAll(): void {
    for (const column of this.#runs.keys()) this.stop(column);
  }

  /** The column is gone. */
  drop(column: string): void {
    this.stop(column);
    this.#runs.delete(column);
    this.#tell();
  }

  #put(column: string, run: Run, abort: AbortController): void {
    this.#runs.set(column, { run, abort });
    this.#tell();
  }

  /** Once a frame, however many pieces come. */
  #tell(): void {
    if (this.#frame) return;
    this.#frame = true;
    this.ports.nextFrame(() => {
      this.#frame = false;
      this.#shown = new Map(Array.from(this.#runs, ([column, { run }]) => [column, run]));
      for (const listener of this.#listeners) listener();
    });
  }
}
