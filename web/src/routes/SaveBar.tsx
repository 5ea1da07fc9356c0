/** Under the form: whether something waits to be saved, and what was wrong with it. */
import { useState } from "react";
import { useLocation } from "wouter";
import { Button } from "../kit/Button";
import { SaveDialog } from "./SaveDialog";
import { resourceOf } from "./draft";
import { mistakeOf } from "./mistakes";
import { type useReview, useSave } from "./queries";
import type { useDraft } from "./useDraft";
import styles from "./SaveBar.module.css";

interface SaveBarProps {
  editing: ReturnType<typeof useDraft>;
  review: ReturnType<typeof useReview>;
  isNew: boolean;
}

export function SaveBar({ editing, review, isNew }: SaveBarProps) {
  const { draft, isChanged, isOutdated, reset } = editing;
  const [saved, setSaved] = useState(false);
  const [, go] = useLocation();
  const save = useSave();
  const mistake = mistakeOf(review.error);

  const onSave = () =>
    save.mutate(resourceOf(draft), {
      onSuccess: ({ name, after }) => {
        review.reset();
        setSaved(true);
        reset(isNew ? null : (after as { kind: string; name: string }));
        if (isNew) go(`/routes/${encodeURIComponent(name)}`);
      },
    });
  const isShown = isChanged || mistake !== null || saved;
  return (
    <div className={isShown ? styles.bar : styles.empty}>
      <p role="status" className={styles.text}>
        {isChanged &&
          (isOutdated ? "This route was changed elsewhere meanwhile. Saving puts your version in its place." : "Not saved yet")}
        {!isChanged && saved && "Saved. Gateways serve it within two seconds."}
      </p>
      {mistake && (
        <p role="alert" className={styles.mistake}>
          {mistake.message}
        </p>
      )}
      {isChanged && (
        <span className={styles.actions}>
          <Button
            onClick={() => {
              review.reset();
              reset(editing.latest);
            }}
          >
            Discard
          </Button>
          <Button type="submit" look="main" disabled={review.isPending}>
            Review and save
          </Button>
        </span>
      )}
      {review.data && (
        <SaveDialog
          change={review.data}
          busy={save.isPending}
          error={save.error}
          onSave={onSave}
          onClose={() => {
            review.reset();
            save.reset();
          }}
        />
      )}
    </div>
  );
}
