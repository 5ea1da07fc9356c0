/** How targets are doing, in words. */
import type { Target } from "../api/types";

export type Health = Target["health"];

const WORST_FIRST: Health[] = ["unhealthy", "open", "probing", "healthy", "unknown"];

export const worst = (all: Health[]): Health => WORST_FIRST.find((each) => all.includes(each)) ?? "unknown";

const WORDS: Record<Health, string> = {
  healthy: "Healthy",
  probing: "Being probed",
  open: "Left alone",
  unhealthy: "Health check fails",
  unknown: "Not asked yet",
};

export function healthText(health: Health, usableInS = 0): string {
  const waits = health === "open" && usableInS >= 1;
  return waits ? `${WORDS[health]} for ${Math.ceil(usableInS)} s` : WORDS[health];
}

/** What somebody should look into: everything that is asked less than it could be. */
export const isTroubled = (health: Health): boolean => health === "unhealthy" || health === "open" || health === "probing";

/** Within a sentence, with what the health check found. */
export function troubleText({ health, usable_in_s, health_note }: Target): string {
  const words = healthText(health, usable_in_s).toLowerCase();
  return health_note ? `${words}: ${health_note}` : words;
}

export type ErrorClass = NonNullable<NonNullable<Target["figures"]>["last_error"]>["error_class"];

export const ERROR_CLASSES: Record<ErrorClass, string> = {
  rate_limit: "rate limit",
  timeout: "timeout",
  server_error: "server error",
  credentials: "credentials",
  not_found: "not found",
  context_window: "context window",
  content_policy: "content policy",
  invalid_request: "invalid request",
};
