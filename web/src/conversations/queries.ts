import { queryOptions, skipToken, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import { ApiError } from "../api/errors";
import type { Citation, ConversationDetail, Feedback } from "../api/types";
import { firstModel } from "./useChosenModel";

export const conversationsKey = ["conversations"];
export const conversationKey = (id: string) => ["conversation", id];

/** What the signed-in user may talk to. */
export function useCatalog() {
  return useQuery(catalogQuery);
}

const catalogQuery = queryOptions({
  queryKey: ["catalog"],
  staleTime: 60_000,
  queryFn: () => bodyOf(api.GET("/api/catalog")),
});

export function useConversations(search: string) {
  return useInfiniteQuery({
    queryKey: [...conversationsKey, search],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET("/api/conversations", { params: { query: { search: search || undefined, cursor: pageParam } } })),
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (previous) => previous,
  });
}

const STILL_WRITING_MS = 2000;

/** One conversation with its messages. While another window lets an answer be written, it is asked for again. */
export function useConversation(id: string | null, isLive: boolean) {
  return useQuery({
    queryKey: conversationKey(id ?? ""),
    queryFn: id === null ? skipToken : () => bodyOf(api.GET("/api/conversations/{id}", { params: { path: { id } } })),
    refetchOnWindowFocus: !isLive,
    refetchInterval: ({ state }) =>
      !isLive && state.data?.messages.some((message) => message.state === "streaming") ? STILL_WRITING_MS : false,
  });
}

/** Begin a conversation with a model; with "", the first there is: somebody typed faster than the catalog came. */
export function useCreateConversation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (chosen: string) => {
      const model = chosen || firstModel(await queries.query({ ...catalogQuery, staleTime: "static" }));
      if (!model) throw new ApiError("There is nobody to ask yet. An administrator can add an assistant or a model.", 404);
      return bodyOf(api.POST("/api/conversations", { body: { model } }));
    },
    onSuccess: (conversation) => {
      queries.setQueryData<ConversationDetail>(conversationKey(conversation.id), { conversation, messages: [] });
      void queries.invalidateQueries({ queryKey: conversationsKey });
    },
  });
}

export function useRenameConversation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) =>
      bodyOf(api.PATCH("/api/conversations/{id}", { params: { path: { id } }, body: { title } })),
    onSuccess: (conversation) => {
      queries.setQueryData<ConversationDetail>(conversationKey(conversation.id), (detail) =>
        detail ? { ...detail, conversation } : detail,
      );
      return queries.invalidateQueries({ queryKey: conversationsKey });
    },
  });
}

export function useDeleteConversation() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => bodyOf(api.DELETE("/api/conversations/{id}", { params: { path: { id } } })),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: conversationKey(id) });
      void queries.invalidateQueries({ queryKey: conversationsKey });
    },
  });
}

export function useFeedback(conversationId: string, messageId: string) {
  const queries = useQueryClient();
  const show = (feedback: Feedback) =>
    queries.setQueryData<ConversationDetail>(
      conversationKey(conversationId),
      (detail) =>
        detail && {
          ...detail,
          messages: detail.messages.map((message) => (message.id === messageId ? { ...message, feedback } : message)),
        },
    );
  return useMutation({
    mutationFn: (feedback: Feedback) =>
      bodyOf(api.PUT("/api/messages/{id}/feedback", { params: { path: { id: messageId } }, body: feedback })),
    onMutate: (feedback) => show(feedback),
    onError: () => queries.invalidateQueries({ queryKey: conversationKey(conversationId) }),
  });
}

/** Whether it cites rows of a database, which are kept with the answer and lie in no document. */
export const citesRows = ({ collection }: Citation) => collection.startsWith("datastore:");

/** Where the passage of a citation stands now, for whoever may read the document now. */
export function useCitation(citation: Citation) {
  const { document_id, start, end, passage } = citation;
  return useQuery({
    enabled: !citesRows(citation),
    queryKey: ["citation", document_id, start, end, passage],
    staleTime: 60_000,
    queryFn: () =>
      bodyOf(api.POST("/api/documents/{id}/citation", { params: { path: { id: document_id } }, body: { start, end, passage } })),
  });
}
