/** A few alternatives side by side, one of them chosen: radio buttons that look like one control. */
import { useId } from "react";
import styles from "./Choice.module.css";

interface ChoiceProps<Id extends string> {
  label: string;
  choices: { id: Id; name: string }[];
  chosen: Id;
  onChoose: (id: Id) => void;
}

export function Choice<Id extends string>({ label, choices, chosen, onChoose }: ChoiceProps<Id>) {
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
