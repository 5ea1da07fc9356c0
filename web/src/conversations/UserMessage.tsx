import { type KeyboardEvent, useState } from "react";
import type { Message } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { CopyButton } from "../kit/CopyButton";
import styles from "./UserMessage.module.css";

interface UserMessageProps {
  message: Message;
  /** Null while it cannot be edited. */
  onEdit: ((content: string) => void) | null;
}

export function UserMessage({ message, onEdit }: UserMessageProps) {
  const [editing, setEditing] = useState(false);
  if (editing && onEdit) {
    const send = (content: string) => {
      setEditing(false);
      onEdit(content);
    };
    return <Editor text={message.content} onSend={send} onCancel={() => setEditing(false)} />;
  }
  return (
    <article className={styles.message} aria-label="You asked">
      <p className={styles.text}>{message.content}</p>
      <div className={styles.actions}>
        {onEdit && <IconButton small icon="edit" label="Edit and ask again" onClick={() => setEditing(true)} />}
        <CopyButton label="Copy the question" text={() => message.content} />
      </div>
    </article>
  );
}

function Editor({ text, onSend, onCancel }: { text: string; onSend: (content: string) => void; onCancel: () => void }) {
  const [draft, setDraft] = useState(text);
  const content = draft.trim();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    }
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && content) {
      event.preventDefault();
      onSend(content);
    }
  };
  return (
    <div className={styles.editor}>
      <textarea
        aria-label="Edit your question"
        rows={3}
        value={draft}
        autoFocus
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.row}>
        <p>What follows it is replaced.</p>
        <Button onClick={onCancel}>Cancel</Button>
        <Button look="main" disabled={!content} onClick={() => onSend(content)}>
          Ask again
        </Button>
      </div>
    </div>
  );
}
