/** The guards of a guardrail, each with the fields of its type. All of them judge; the strictest wins. */
import { useContext, useState } from "react";
import type { ResourceFields } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { MistakeContext, SelectField } from "../kit/Field";
import { GuardFields } from "./GuardFields";
import { type Fields, guardsOf, newGuard, withType } from "./draft";
import { GUARDS } from "./fields";
import styles from "./GuardrailEditor.module.css";

export function Guards({ draft, onDraft }: { draft: ResourceFields; onDraft: (draft: ResourceFields) => void }) {
  const guards = guardsOf(draft);
  const mistake = useContext(MistakeContext);
  const [keys, setKeys] = useState(() => guards.map((_, i) => i));
  const set = (next: Fields[]) => onDraft({ ...draft, guards: next });
  const change = (i: number, guard: Fields) => set(guards.map((each, j) => (j === i ? guard : each)));
  return (
    <section className={styles.guards} aria-labelledby="guards">
      <h2 id="guards">Guards</h2>
      <ol className={styles.rows}>
        {guards.map((guard, i) => {
          const type = String(guard.type);
          return (
            <li key={keys[i]} className={styles.guard} aria-label={`Guard ${i + 1}`}>
              <div className={styles.type}>
                <SelectField
                  label="Looks for"
                  at={`guards[${i}].type`}
                  hint={GUARDS[type]?.meaning}
                  value={type}
                  onValue={(next) => {
                    setKeys(keys.map((key, j) => (j === i ? fresh(keys) : key)));
                    change(i, withType(guard, next));
                  }}
                >
                  {Object.entries(GUARDS).map(([each, { name }]) => (
                    <option key={each} value={each}>
                      {name}
                    </option>
                  ))}
                </SelectField>
                <IconButton
                  small
                  icon="remove"
                  label={`Remove guard ${i + 1}`}
                  disabled={guards.length === 1}
                  onClick={() => {
                    setKeys(keys.filter((_, j) => j !== i));
                    set(guards.filter((_, j) => j !== i));
                  }}
                />
              </div>
              <GuardFields guard={guard} at={`guards[${i}]`} onGuard={(next) => change(i, next)} />
            </li>
          );
        })}
      </ol>
      {mistake?.field === "guards" && (
        <p role="alert" className={styles.mistake}>
          {mistake.message}
        </p>
      )}
      <Button
        onClick={() => {
          setKeys([...keys, fresh(keys)]);
          set([...guards, newGuard("words")]);
        }}
      >
        Add a guard
      </Button>
    </section>
  );
}

const fresh = (keys: number[]): number => Math.max(-1, ...keys) + 1;
