/** Joins the live turns to the API and to the query cache. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError } from "../api/errors";
import { openEvents } from "../api/stream";
import type { ConversationDetail } from "../api/types";
import { conversationKey, conversationsKey } from "../conversations/queries";
import { sessionKey } from "../session/queries";
import { LiveTurns, type OpenTurn, type TurnEnded } from "./liveTurns";
import { settle } from "./turn";
import { LiveTurnsContext } from "./useLiveTurn";

const openTurn: OpenTurn = ({ conversationId, content, model, replaces, regenerates }, signal) =>
  content === null && regenerates
    ? openEvents(`/api/conversations/${conversationId}/messages/${regenerates}/regenerate`, {
        body: { model: model || null },
        signal,
      })
    : openEvents(`/api/conversations/${conversationId}/turns`, { body: { content, model: model || null, replaces }, signal });

function endIn(queries: QueryClient): TurnEnded {
  return (turn, answer, conversation) => {
    const key = conversationKey(turn.request.conversationId);
    queries.setQueryData<ConversationDetail>(key, (detail) =>
      detail ? settle(detail, turn, answer, conversation ?? undefined) : detail,
    );
    void queries.invalidateQueries({ queryKey: conversationsKey });
  };
}

export function LiveTurnsProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [turns] = useState(
    () =>
      new LiveTurns(
        openTurn,
        endIn(queries),
        (error) => {
          if (error instanceof ApiError && error.signedOut) queries.setQueryData(sessionKey, null);
        },
        (then) => requestAnimationFrame(then),
      ),
  );
  return <LiveTurnsContext value={turns}>{children}</LiveTurnsContext>;
}
