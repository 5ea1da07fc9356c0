/** For which classes of failures something is done. */
import { ERROR_CLASSES } from "../targets/health";
import { useMistakeAt } from "../kit/Field";
import type { ErrorClass } from "./draft";
import styles from "./Classes.module.css";

const ALL = Object.keys(ERROR_CLASSES) as ErrorClass[];

interface ClassesProps {
  legend: string;
  at: string;
  chosen: ErrorClass[];
  onChoose: (chosen: ErrorClass[]) => void;
}

export function Classes({ legend, at, chosen, onChoose }: ClassesProps) {
  const mistake = useMistakeAt(at);
  return (
    <fieldset className={styles.classes}>
      <legend>{legend}</legend>
      {ALL.map((each) => (
        <label key={each}>
          <input
            type="checkbox"
            checked={chosen.includes(each)}
            onChange={({ target }) => onChoose(ALL.filter((one) => (one === each ? target.checked : chosen.includes(one))))}
          />
          <span>{ERROR_CLASSES[each]}</span>
        </label>
      ))}
      {mistake && <p className={styles.mistake}>{mistake}</p>}
    </fieldset>
  );
}
