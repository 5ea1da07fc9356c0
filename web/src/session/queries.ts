import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf, setCsrfToken } from "../api/client";
import { ApiError } from "../api/errors";
import type { Session } from "../api/types";

export const sessionKey = ["session"];

/** Who is signed in; null for nobody. */
export function useSession() {
  return useQuery({
    queryKey: sessionKey,
    staleTime: Infinity,
    queryFn: async (): Promise<Session | null> => {
      try {
        return keep(await bodyOf(api.GET("/api/session")));
      } catch (error) {
        if (error instanceof ApiError && error.signedOut) return null;
        throw error;
      }
    },
  });
}

const NONE: Session["rights"] = {
  see_models: false,
  see_budgets: false,
  change_routes: false,
  change_assistants: false,
  change_guardrails: false,
  change_providers: false,
  change_sources: false,
  run_replays: false,
  see_datasets: false,
  fill_datasets: false,
};

/** What the policy lets whoever is here do; the API decides anew with every request. */
export const useRights = (): Session["rights"] => useSession().data?.rights ?? NONE;

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (token: string) => keep(await bodyOf(api.POST("/api/sessions", { body: { token } }))),
    // The question who is here is under way since the start; its "nobody" must not arrive after the answer to this.
    onMutate: () => queries.cancelQueries({ queryKey: sessionKey }),
    onSuccess: (session) => become(queries, session),
    onError: () => queries.invalidateQueries({ queryKey: sessionKey }),
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => bodyOf(api.DELETE("/api/session")),
    onSuccess: () => {
      setCsrfToken("");
      become(queries, null);
    },
  });
}

/** Somebody else, or nobody, is here now; what was shown to whoever was before is forgotten. */
function become(queries: QueryClient, session: Session | null): void {
  queries.setQueryData(sessionKey, session);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] });
}

function keep(session: Session): Session {
  setCsrfToken(session.csrf_token);
  return session;
}
