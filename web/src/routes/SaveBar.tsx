/** Under the form: whether something waits to be saved, and what was wrong with it. */
import { useState } from "react";
import type { Change } from "../api/types";
import { Button } from "../kit/Button";
import { SaveDialog } from "./SaveDialog";
import { mistakeOf } from "../kit/mistakes";
import { type Resource, type useReview, useSave } from "./queries";
import styles from "./SaveBar.module.css";

interface SaveBarProps {
  /** In the words of the page: route, guardrail. */
  noun: string;
  resource: Resource;
  isChanged: boolean;
  isOutdated: boolean;
  review: ReturnType<typeof useReview>;
  onDiscard: () => void;
  onSaved: (change: Change) => void;
}

export function SaveBar({ noun, resource, isChanged, isOutdated, review, onDiscard, onSaved }: SaveBarProps) {
  const [saved, setSaved] = useState(false);
  const save = useSave();
  const mistake = mistakeOf(review.error);

  const onSave = () =>
    save.mutate(resource, {
      onSuccess: (change) => {
        review.reset();
        setSaved(true);
        onSaved(change);
      },
    });
  const isShown = isChanged || mistake !== null || saved;
  return (
    <div className={isShown ? styles.bar : styles.empty}>
      <p role="status" className={styles.text}>
        {isChanged &&
          (isOutdated ? `This ${noun} was changed elsewhere meanwhile. Saving puts your version in its place.` : "Not saved yet")}
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
              onDiscard();
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
          noun={noun}
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
