/** A few alternatives side by side, one of them chosen: radio buttons that look like one control. */
import { useId } from "react";
import styles from "./Choice.module.css";

interface ChoiceProps {
  label: string;
  choices: { id: string; name: string }[];
  chosen: string;
  onChoose: (id: string) => void;
}

export function Choice({ label, choices, chosen, onChoose }: ChoiceProps) {
  const name = useId();
  return (
    <fieldset className={styles.choice}>
      <legend className="unseen">{label}</legend>
      {choices.map((each) => (
        <label key={each.id}>
          <input type="radio" name={name} checked={each.id === chosen} onChange={() => onChoose(each.id)} />
          <span>{each.name}</span>
        </label>
      ))}
    </fieldset>
  );
}
