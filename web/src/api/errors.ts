/** What the API refused, or that it did not answer at all (`status` 0). The message is meant for the reader. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string | null = null,
    /** The field that is wrong, if it is one. */
    readonly param: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  get signedOut(): boolean {
    return this.status === 401;
  }
}

export const UNREACHABLE = "Stoa did not answer. Check your connection, and that Stoa is running.";

/** Read the API's error form, `{"error": {"message", "code", "param"}}`; anything else becomes a sentence with the status. */
export function errorFrom(body: unknown, status: number): ApiError {
  if (typeof body === "object" && body !== null && "error" in body) {
    const error = body.error;
    if (typeof error === "object" && error !== null && "message" in error && typeof error.message === "string") {
      const code = "code" in error && typeof error.code === "string" ? error.code : null;
      const param = "param" in error && typeof error.param === "string" ? error.param : null;
      return new ApiError(error.message, status, code, param);
    }
  }
  return new ApiError(`Stoa answered with an unexpected error (${status}). Try again in a moment.`, status);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}
