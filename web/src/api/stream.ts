/** Open a stream of events by fetch: EventSource can neither POST nor carry the session's token. */
import { csrfHeader } from "./client";
import { ApiError, UNREACHABLE, errorFrom } from "./errors";
import { type ServerEvent, readEvents } from "./sse";

/** Throws ApiError when the API refuses or does not answer, AbortError when `signal` says so. */
export async function* openEvents(
  path: string,
  { body, signal }: { body?: unknown; signal: AbortSignal },
): AsyncGenerator<ServerEvent> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        accept: "text/event-stream",
        ...(body === undefined ? {} : { "content-type": "application/json", ...csrfHeader() }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(UNREACHABLE, 0);
  }
  if (!response.ok || !response.body) {
    throw errorFrom(await response.json().catch(() => null), response.status);
  }
  yield* readEvents(response.body);
}
