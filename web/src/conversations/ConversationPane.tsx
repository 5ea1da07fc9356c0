/** One conversation, or the beginning of one: what was said, and where to say more. */
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { ApiError, messageOf } from "../api/errors";
import type { Citation } from "../api/types";
import { IconButton } from "../kit/Button";
import { afterwards } from "../kit/afterwards";
import { Empty, Failure, Loading } from "../kit/states";
import { useLiveTurn, useLiveTurns } from "../live/useLiveTurn";
import { messagesWith } from "../live/turn";
import { Announcer } from "./Announcer";
import { Composer } from "./Composer";
import { Greeting } from "./Greeting";
import { Messages } from "./Messages";
import { ModelChooser } from "./ModelChooser";
import { useCatalog, useConversation, useCreateConversation } from "./queries";
import { useChosenModel } from "./useChosenModel";
import { useEscapeToStop } from "./useEscapeToStop";
import styles from "./ConversationPane.module.css";

interface PaneProps {
  id: string | null;
  /** The citation that is open beside the conversation. */
  opened: Citation | null;
  onShowList: (() => void) | null;
  onSource: (citation: Citation, answer: string) => void;
}

export function ConversationPane({ id, opened, onShowList, onSource }: PaneProps) {
  const [, navigate] = useLocation();
  const turns = useLiveTurns();
  const turn = useLiveTurn(id ?? "");
  const isLive = turn !== undefined && turn.phase !== "refused";
  const catalog = useCatalog();
  const conversation = useConversation(id, isLive);
  const create = useCreateConversation();
  const [model, setModel] = useChosenModel(id, conversation.data?.conversation.model, catalog.data);
  const [draft, setDraft] = useState("");
  const title = conversation.data?.conversation.title;

  useEscapeToStop(isLive && id !== null, () => turns.stop(id ?? ""));
  useEffect(() => {
    document.title = id && title ? `${title} · Stoa` : "Stoa";
  }, [id, title]);

  const ask = (content: string, replaces?: string) => {
    setDraft("");
    if (id) return void turns.start({ conversationId: id, content, model, ...(replaces ? { replaces } : {}) });
    const created = create.mutateAsync(model, {
      onSuccess: ({ id: fresh }) => navigate(`/conversations/${fresh}`),
      onError: () => setDraft(content),
    });
    // Asked wherever the reader is by now; only who is still here is led there.
    afterwards(created, (fresh) => void turns.start({ conversationId: fresh.id, content, model: fresh.model }));
  };
  const regenerate = (messageId: string) => {
    if (id) void turns.start({ conversationId: id, content: null, model, regenerates: messageId });
  };
  const retry = () => turn && void turns.start({ ...turn.request, model });

  const missing = conversation.error instanceof ApiError && conversation.error.status === 404;
  const messages = messagesWith(conversation.data?.messages ?? [], turn);
  return (
    <section className={styles.pane} aria-label={title ?? "New conversation"}>
      {onShowList && (
        <div className={styles.head}>
          <IconButton icon="list" label="Show conversations" onClick={onShowList} />
          {id ? <h1>{title}</h1> : <p>New conversation</p>}
        </div>
      )}
      {!onShowList && id && <h1 className="unseen">{title}</h1>}
      {!id && <Greeting catalog={catalog} model={model} onAsk={ask} />}
      {id && conversation.isPending && <Loading label="Loading the conversation" rows={6} />}
      {missing && <Empty title="This conversation is not here">It was deleted, or it belongs to somebody else.</Empty>}
      {conversation.isError && !missing && <Failure error={conversation.error} onRetry={() => void conversation.refetch()} />}
      {id && conversation.data && (
        <Messages
          conversationId={id}
          messages={messages}
          isLive={isLive}
          opened={opened}
          onSource={onSource}
          onEdit={ask}
          onRegenerate={regenerate}
          onRetry={turn?.phase === "refused" ? retry : null}
        />
      )}
      {!missing && (
        <Composer
          key={id ?? "new"}
          draft={draft}
          onDraft={setDraft}
          isLive={isLive || create.isPending}
          error={create.error ? messageOf(create.error) : null}
          onSend={ask}
          onStop={id ? () => turns.stop(id) : null}
        >
          <ModelChooser catalog={catalog.data} model={model} onChoose={setModel} />
        </Composer>
      )}
      <Announcer message={messages.at(-1)} />
    </section>
  );
}
