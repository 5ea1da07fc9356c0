/** One message of the request: who says it, its words, and what is attached. */
import { type ChangeEvent, type ClipboardEvent, type DragEvent, useId, useRef, useState } from "react";
import { messageOf } from "../api/errors";
import { IconButton } from "../kit/Button";
import { Icon } from "../kit/Icon";
import { GrowingText } from "../kit/GrowingText";
import { ACCEPTED, filesIn, readAttachment } from "./attachments";
import type { DraftMessage } from "./draft";
import styles from "./MessageEditor.module.css";

interface MessageEditorProps {
  message: DraftMessage;
  place: number;
  onChange: (change: (message: DraftMessage) => DraftMessage) => void;
  onRemove: (() => void) | null;
}

export function MessageEditor({ message, place, onChange, onRemove }: MessageEditorProps) {
  const chooser = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const problemId = useId();
  const { role, text, attachments } = message;

  const attach = async (files: File[]) => {
    setProblem(null);
    try {
      const read = await Promise.all(files.map(readAttachment));
      onChange((held) => ({ ...held, attachments: [...held.attachments, ...read] }));
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  const onChoose = (event: ChangeEvent<HTMLInputElement>) => {
    void attach(Array.from(event.target.files ?? []));
    event.target.value = "";
  };
  const take = (event: ClipboardEvent | DragEvent, data: DataTransfer) => {
    const files = filesIn(data);
    if (files.length === 0 || role !== "user") return;
    event.preventDefault();
    void attach(files);
  };

  return (
    <li className={styles.message} onDrop={(event) => take(event, event.dataTransfer)}>
      <div className={styles.head}>
        <button
          type="button"
          className={styles.role}
          aria-label={`Message ${place} is from the ${role}. Change it`}
          onClick={() => onChange((held) => ({ ...held, role: role === "user" ? "assistant" : "user" }))}
        >
          {role === "user" ? "User" : "Assistant"}
        </button>
        {role === "user" && (
          <>
            <input
              ref={chooser}
              type="file"
              accept={ACCEPTED}
              multiple
              hidden
              aria-label={`Attach to message ${place}`}
              onChange={onChoose}
            />
            <IconButton
              small
              icon="attach"
              label="Attach an image or audio"
              aria-describedby={problem === null ? undefined : problemId}
              onClick={() => chooser.current?.click()}
            />
          </>
        )}
        {onRemove && <IconButton small icon="close" label={`Remove message ${place}`} onClick={onRemove} />}
      </div>
      <GrowingText
        label={`Message ${place}`}
        placeholder={role === "user" ? "What is asked" : "What was answered"}
        value={text}
        onChange={(words) => onChange((held) => ({ ...held, text: words }))}
        onPaste={(event) => take(event, event.clipboardData)}
      />
      {attachments.length > 0 && (
        <ul className={styles.attached} aria-label="Attached">
          {attachments.map((attachment, i) => (
            <li key={i} title={attachment.name}>
              {attachment.kind === "image" ? (
                <img src={`data:${attachment.type};base64,${attachment.data}`} alt={attachment.name} />
              ) : (
                <span className={styles.audio}>
                  <Icon name="file" /> {attachment.name}
                </span>
              )}
              <IconButton
                small
                className={styles.take}
                icon="close"
                label={`Take ${attachment.name} away`}
                onClick={() => onChange((held) => ({ ...held, attachments: held.attachments.filter((_, at) => at !== i) }))}
              />
            </li>
          ))}
        </ul>
      )}
      {problem !== null && (
        <p id={problemId} role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </li>
  );
}
