import { useState } from "react";
import { Button, IconButton } from "../kit/Button";
import { useFloating } from "../kit/useFloating";
import styles from "./Feedback.module.css";

/** `onComment` gets the text, or null when it was emptied. */
export function CommentButton({ comment, onComment }: { comment: string | null; onComment: (comment: string | null) => void }) {
  const { anchor, button, panel, close } = useFloating("left");
  const [draft, setDraft] = useState(comment ?? "");
  const save = () => {
    onComment(draft.trim() || null);
    close();
  };
  return (
    <span ref={anchor} className={styles.anchor}>
      <IconButton small icon="comment" label={comment ? "Your comment" : "Comment"} aria-pressed={comment !== null} {...button} />
      <div className={styles.comment} role="group" aria-label="Comment on this answer" {...panel}>
        <textarea
          rows={3}
          aria-label="Comment"
          placeholder="What was good, wrong or missing?"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
        />
        <Button look="main" disabled={draft.trim() === (comment ?? "")} onClick={save}>
          Save
        </Button>
      </div>
    </span>
  );
}
