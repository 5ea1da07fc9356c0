import { useId } from "react";
import type { EvaluationSet } from "../api/types";
import { plural } from "../kit/format";
import styles from "./SearchBench.module.css";

interface SetChooserProps {
  sets: EvaluationSet[];
  chosen: string;
  /** The name of one that is not made yet. */
  usual: string;
  onChoose: (name: string) => void;
}

/** Into which evaluation set goes what is said: one that there is, or a new one by its name. */
export function SetChooser({ sets, chosen, usual, onChoose }: SetChooserProps) {
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
        {known ? `${plural(known.judgements, "judgement")} in it` : "A new set, made with the first judgement"}
      </p>
    </div>
  );
}
