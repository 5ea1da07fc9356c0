import { useId } from "react";
import { Link } from "wouter";
import type { EvaluationSet } from "../api/types";
import { plural } from "../kit/format";
import { viewHref } from "./places";
import styles from "./SearchBench.module.css";

interface SetChooserProps {
  sets: EvaluationSet[];
  chosen: string;
  collection: string;
  /** The name of one that is not made yet. */
  usual: string;
  onChoose: (name: string) => void;
}

/** Into which evaluation set goes what is said: one that there is, or a new one by its name. */
export function SetChooser({ collection, sets, chosen, usual, onChoose }: SetChooserProps) {
  const id = useId();
  const known = sets.find((set) => set.name === chosen);
  return (
    <div className={styles.set}>
      <label htmlFor={id}>Save to</label>
      <input
        id={id}
        list={`${id}-known`}
        value={chosen}
        placeholder={usual}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChoose(event.target.value.toLowerCase().replace(/[^a-z0-9._-]/g, "-"))}
      />
      <datalist id={`${id}-known`}>
        {sets.map((set) => (
          <option key={set.name} value={set.name} />
        ))}
      </datalist>
      <p id={`${id}-hint`}>
        {known ? (
          <Link href={`${viewHref(collection, "evaluation")}?set=${encodeURIComponent(known.name)}`}>
            {plural(known.judgements, "judgement")} in it
          </Link>
        ) : (
          "A new set, once you judge"
        )}
      </p>
    </div>
  );
}
