import { type KeyboardEvent, type ReactNode, type SubmitEvent, useEffect, useRef } from "react";
import { IconButton } from "../kit/Button";
import { GrowingText } from "../kit/GrowingText";
import styles from "./Composer.module.css";

interface ComposerProps {
  draft: string;
  isLive: boolean;
  error: string | null;
  /** The chooser of the model. */
  children: ReactNode;
  onDraft: (draft: string) => void;
  onSend: (content: string) => void;
  onStop: (() => void) | null;
}

export function Composer({ draft, isLive, error, children, onDraft, onSend, onStop }: ComposerProps) {
  const text = useRef<HTMLTextAreaElement>(null);
  const content = draft.trim();
  const canSend = content !== "" && !isLive;

  useEffect(() => {
    // A phone would open its keyboard over the conversation.
    if (!hasTouch()) text.current?.focus({ preventScroll: true });
  }, []);

  const send = (event?: SubmitEvent) => {
    event?.preventDefault();
    if (canSend) onSend(content);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || hasTouch()) return;
    event.preventDefault();
    send();
  };

  return (
    <form className={styles.composer} onSubmit={send}>
      <div className={styles.column}>
        {error && (
          <p role="alert" className={styles.error}>
            {error}
          </p>
        )}
        <div className={styles.box}>
          <GrowingText
            ref={text}
            label="Your question"
            placeholder="Ask a question"
            className={styles.text}
            value={draft}
            onChange={onDraft}
            onKeyDown={onKeyDown}
          />
          <div className={styles.row}>
            {children}
            <p className={styles.hint}>
              <kbd>Enter</kbd> sends, <kbd>Shift Enter</kbd> starts a line
            </p>
            {isLive ? (
              <IconButton
                className={styles.stop}
                icon="stop"
                label="Stop the answer"
                disabled={!onStop}
                onClick={() => onStop?.()}
              />
            ) : (
              <IconButton className={styles.send} icon="send" label="Send" type="submit" disabled={!canSend} />
            )}
          </div>
        </div>
      </div>
    </form>
  );
}

const hasTouch = () => matchMedia("(pointer: coarse)").matches;
