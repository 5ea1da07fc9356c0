/** A double of the API, in memory, for work on the page and for its browser tests: `npm run dev:double`. Not part of Stoa. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { Refusal, refuse } from "./http.ts";
import { routes } from "./routes.ts";
import { State, sessions } from "./state.ts";

async function answer(request: IncomingMessage, response: ServerResponse, next: () => void): Promise<void> {
  const url = new URL(request.url ?? "/", "http://double");
  if (!url.pathname.startsWith("/api")) {
    next();
    return;
  }
  for (const [method, pattern, handle] of routes) {
    const match = request.method === method ? pattern.groupsOf(url.pathname) : null;
    if (!match) continue;
    try {
      const cookie = /stoa_session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
      const state = sessions.get(cookie);
      const signedIn = state !== undefined;
      await handle({ request, response, query: url.searchParams, at: match, state: state ?? new State(), signedIn });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(response, error);
    }
    return;
  }
  refuse(response, new Refusal(404, `The double has no ${request.method ?? ""} ${url.pathname}.`));
}

export function doubleOfTheApi(): Plugin {
  const middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) =>
    void answer(request, response, next);
  return {
    name: "double-of-the-api",
    configureServer: (server) => void server.middlewares.use(middleware),
    configurePreviewServer: (server) => {
      server.middlewares.use((_, response, next) => {
        // As the real server sends it: what the page does must pass under it.
        response.setHeader(
          "content-security-policy",
          "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'",
        );
        next();
      });
      server.middlewares.use(middleware);
    },
  };
}
