/** The typed client: one call per route of the OpenAPI document, failures as ApiError. */
import createClient from "openapi-fetch";
import { ApiError, UNREACHABLE, errorFrom } from "./errors";
import type { paths } from "./schema";

let csrfToken = "";

/** The session's token goes with every request that changes something. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

export function csrfHeader(): Record<string, string> {
  return csrfToken ? { "x-csrf-token": csrfToken } : {};
}

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });

api.use({
  onRequest({ request }) {
    if (request.method !== "GET") {
      for (const [name, value] of Object.entries(csrfHeader())) request.headers.set(name, value);
    }
    return request;
  },
});

/** The body of a call that succeeded. Throws ApiError otherwise. */
export async function bodyOf<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(UNREACHABLE, 0);
  }
  if (!answer.response.ok) throw errorFrom(answer.error, answer.response.status);
  return answer.data as T;
}
