import { useCallback, useMemo } from "react";
import type { Citation, Message } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { CopyButton } from "../kit/CopyButton";
import { Icon } from "../kit/Icon";
import { plural } from "../kit/format";
import { Markdown } from "../markdown/Markdown";
import { marksOf } from "../markdown/verification";
import { Citations, Closest } from "./Citations";
import { FeedbackBar } from "./FeedbackBar";
import { Verification } from "./Verification";
import { Waiting } from "./Waiting";
import styles from "./AssistantMessage.module.css";

interface AssistantMessageProps {
  conversationId: string;
  message: Message;
  opened: Citation | null;
  onSource: (citation: Citation, answer: string) => void;
  /** Answer again, or null where that is not possible now. */
  onAgain: (() => void) | null;
}

export function AssistantMessage({ conversationId, message, opened, onSource, onAgain }: AssistantMessageProps) {
  const { citations, content, state, verification } = message;
  const isWriting = state === "streaming";
  const hasCitations = citations.length > 0;
  const isCited = useCallback(
    (n: number) => citations.some((citation) => citation.n === n) || (isWriting && !hasCitations),
    [citations, hasCitations, isWriting],
  );
  const onCite = useCallback(
    (n: number) => {
      const citation = citations.find((each) => each.n === n);
      if (citation) onSource(citation, content);
    },
    [citations, content, onSource],
  );
  const marks = useMemo(
    () => marksOf(content, verification ?? [], (n) => citations.some((citation) => citation.n === n)),
    [citations, content, verification],
  );

  return (
    <article className={styles.message} aria-label="Answer" aria-busy={isWriting}>
      {isWriting && !content && <Waiting />}
      {content && (
        <div className={isWriting ? styles.writing : undefined}>
          <Markdown text={content} isCited={isCited} onCite={hasCitations ? onCite : undefined} marks={marks} />
        </div>
      )}
      {state === "failed" && <Failed error={message.error} onAgain={onAgain} />}
      {state === "stopped" && <p className={styles.note}>Stopped{content ? " here" : " before the first word"}.</p>}
      {verification && <Verification sentences={verification} />}
      {hasCitations && <Citations citations={citations} opened={opened} onSource={(citation) => onSource(citation, content)} />}
      {message.closest.length > 0 && (
        <Closest passages={message.closest} opened={opened} onSource={(passage) => onSource(passage, content)} />
      )}
      {!isWriting && content && (
        <div className={styles.actions}>
          <CopyButton label="Copy the answer" text={() => content} />
          {onAgain && state !== "failed" && <IconButton small icon="again" label="Answer again" onClick={onAgain} />}
          <FeedbackBar conversationId={conversationId} message={message} />
          <Origin message={message} />
        </div>
      )}
    </article>
  );
}

function Failed({ error, onAgain }: { error: string | null; onAgain: (() => void) | null }) {
  return (
    <div role="alert" className={styles.failed}>
      <Icon name="warning" />
      <p>{error ?? "The answer failed."}</p>
      {onAgain && (
        <Button icon="again" onClick={onAgain}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Who answered and how much that took. */
function Origin({ message: { model, usage } }: { message: Message }) {
  const tokens = (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0);
  const parts = [model?.replace(/^assistant\//, ""), tokens > 0 ? plural(tokens, "token") : null];
  return <p className={styles.origin}>{parts.filter(Boolean).join(" · ")}</p>;
}
