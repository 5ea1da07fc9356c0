import type { Citation, Message } from "../api/types";
import { Button } from "../kit/Button";
import { AssistantMessage } from "./AssistantMessage";
import { UserMessage } from "./UserMessage";
import { useStickToEnd } from "./useStickToEnd";
import styles from "./Messages.module.css";

interface MessagesProps {
  conversationId: string;
  messages: Message[];
  isLive: boolean;
  opened: Citation | null;
  onSource: (citation: Citation, answer: string) => void;
  onEdit: (content: string, replaces: string) => void;
  onRegenerate: (messageId: string) => void;
  /** Ask again what was refused before it began; null when nothing was. */
  onRetry: (() => void) | null;
}

export function Messages({ conversationId, messages, isLive, opened, onSource, onEdit, onRegenerate, onRetry }: MessagesProps) {
  const last = messages.at(-1);
  const questions = messages.filter((message) => message.role === "user").length;
  const { box, content, atEnd, toEnd } = useStickToEnd(`${conversationId}/${questions}`);
  return (
    <div className={styles.scroll} ref={box}>
      <ol ref={content} className={styles.messages} aria-label="Messages">
        {messages.map((message) => (
          <li key={`${message.role}-${message.position}`}>
            {message.role === "user" ? (
              <UserMessage
                message={message}
                onEdit={isLive || message.id.startsWith("pending") ? null : (content) => onEdit(content, message.id)}
              />
            ) : (
              <AssistantMessage
                conversationId={conversationId}
                message={message}
                opened={opened}
                onSource={onSource}
                onAgain={againFor(message)}
              />
            )}
          </li>
        ))}
      </ol>
      {!atEnd && (
        <Button className={styles.toEnd} icon="down" onClick={toEnd}>
          To the end
        </Button>
      )}
    </div>
  );

  function againFor(message: Message): (() => void) | null {
    if (isLive || message !== last) return null;
    return onRetry ?? (() => onRegenerate(message.id));
  }
}
