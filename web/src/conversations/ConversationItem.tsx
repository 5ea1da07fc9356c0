import { type KeyboardEvent, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Conversation } from "../api/types";
import { Confirm } from "../kit/Confirm";
import { afterwards } from "../kit/afterwards";
import { useLiveTurn } from "../live/useLiveTurn";
import { ConversationMenu } from "./ConversationMenu";
import { useDeleteConversation, useRenameConversation } from "./queries";
import styles from "./ConversationList.module.css";

interface ConversationItemProps {
  conversation: Conversation;
  isCurrent: boolean;
  onChoose: () => void;
}

export function ConversationItem({ conversation, isCurrent, onChoose }: ConversationItemProps) {
  const { id, title } = conversation;
  const [, navigate] = useLocation();
  const [doing, setDoing] = useState<"rename" | "delete" | null>(null);
  const remove = useDeleteConversation();
  const turn = useLiveTurn(id);
  const isLive = turn !== undefined && turn.phase !== "refused";

  const confirmDelete = () =>
    afterwards(remove.mutateAsync(id), () => {
      setDoing(null);
      if (isCurrent) navigate("/conversations");
    });

  return (
    <li className={isCurrent ? `${styles.item ?? ""} ${styles.current ?? ""}` : styles.item}>
      {doing === "rename" ? (
        <TitleInput conversation={conversation} onDone={() => setDoing(null)} />
      ) : (
        <>
          <Link
            href={`/conversations/${id}`}
            className={styles.link}
            title={title}
            aria-current={isCurrent ? "page" : undefined}
            onClick={onChoose}
          >
            {title}
          </Link>
          {isLive && <span className={styles.live} role="img" aria-label="An answer is being written" />}
          <span className={styles.menu}>
            <ConversationMenu
              conversation={conversation}
              onRename={() => setDoing("rename")}
              onDelete={() => setDoing("delete")}
            />
          </span>
        </>
      )}
      {doing === "delete" && (
        <Confirm
          title="Delete this conversation?"
          action="Delete"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={confirmDelete}
          onClose={() => setDoing(null)}
        >
          <p>“{title}” and all its messages go for good.</p>
        </Confirm>
      )}
    </li>
  );
}

function TitleInput({ conversation, onDone }: { conversation: Conversation; onDone: () => void }) {
  const rename = useRenameConversation();
  const left = useRef(false);

  const finish = (title: string) => {
    if (left.current) return;
    left.current = true;
    if (title && title !== conversation.title) rename.mutate({ id: conversation.id, title });
    onDone();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) finish(event.currentTarget.value.trim());
    if (event.key === "Escape") {
      event.preventDefault();
      finish("");
    }
  };
  return (
    <input
      className={styles.rename}
      aria-label="Title of the conversation"
      defaultValue={conversation.title}
      maxLength={200}
      ref={(input) => input?.select()}
      onKeyDown={onKeyDown}
      onBlur={(event) => finish(event.target.value.trim())}
    />
  );
}
