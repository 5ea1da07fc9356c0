/** Open a stream of events by fetch: EventSource can neither POST nor carry the session's token. */
import { csrfHeader } from "./client";
import { ApiError, UNREACHABLE, errorFrom } from "./errors";
import { type ServerEvent, readEvents } from "./sse";

/** `text` is a body that is JSON already. Throws ApiError when the API refuses or does not answer, AbortError when `signal` says so. */
export async function* openEvents(
  path: string,
  { body, text, headers, signal }: { body?: unknown; text?: string; headers?: Record<string, string>; signal: AbortSignal },
): AsyncGenerator<ServerEvent> {
  const content = text ?? (body === undefined ? null : JSON.stringify(body));
  let response: Response;
  try {
    response = await fetch(path, {
      method: content === null ? "GET" : "POST",
      headers: {
        accept: "text/event-stream",
        ...(content === null ? {} : { "content-type": "application/json", ...csrfHeader() }),
        ...headers,
      },
      body: content,
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
