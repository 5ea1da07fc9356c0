/** The models that a route chooses among, and those that follow when they fail. */
import { useContext } from "react";
import type { Target } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { HealthMark } from "../targets/HealthMark";
import { Classes } from "./Classes";
import { MistakeContext, NumberField, SelectField, TextField } from "../kit/Field";
import { type Draft, type DraftFallback, type DraftTarget, newFallback, newTarget } from "./draft";
import { hasShares, shareText } from "./words";
import styles from "./Targets.module.css";

interface PartProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
  models: Map<string, Target>;
}

export function Targets({ draft, onDraft, models }: PartProps) {
  const { targets, strategy } = draft;
  const mistake = useContext(MistakeContext);
  const set = (next: DraftTarget[]) => onDraft({ ...draft, targets: next });
  const change = (key: number, fields: Partial<DraftTarget>) =>
    set(targets.map((each) => (each.key === key ? { ...each, ...fields } : each)));
  return (
    <section className={styles.part} aria-labelledby="targets">
      <h2 id="targets">Targets</h2>
      <ol className={styles.rows}>
        {targets.map((target, i) => (
          <li key={target.key} className={styles.row} aria-label={`Target ${i + 1}`}>
            <ModelField
              at={`targets[${i}].model`}
              model={target.model}
              models={models}
              onModel={(model) => change(target.key, { model })}
            />
            <NumberField
              className={styles.weight}
              label="Weight"
              at={`targets[${i}].weight`}
              value={target.weight}
              unit={hasShares(strategy) ? shareText(draft, target.weight) : undefined}
              onValue={(weight) => change(target.key, { weight })}
            />
            <TextField
              label="Arm"
              at={`targets[${i}].arm`}
              placeholder={target.model}
              value={target.arm}
              onValue={(arm) => change(target.key, { arm })}
            />
            <TextField
              label="Tags"
              at={`targets[${i}].tags`}
              placeholder="none"
              value={target.tags}
              onValue={(tags) => change(target.key, { tags })}
            />
            <span className={styles.actions}>
              <IconButton small icon="rise" label="Move up" disabled={i === 0} onClick={() => set(moved(targets, i, i - 1))} />
              <IconButton
                small
                icon="down"
                label="Move down"
                disabled={i === targets.length - 1}
                onClick={() => set(moved(targets, i, i + 1))}
              />
              <IconButton
                small
                icon="close"
                label={`Leave out ${target.model || `target ${i + 1}`}`}
                disabled={targets.length === 1}
                onClick={() => set(targets.filter((each) => each !== target))}
              />
            </span>
          </li>
        ))}
      </ol>
      {mistake?.field === "targets" && <p className={styles.mistake}>{mistake.message}</p>}
      <Button icon="add" className={styles.add} onClick={() => set([...targets, newTarget()])}>
        Add a target
      </Button>
    </section>
  );
}

export function Fallbacks({ draft, onDraft, models }: PartProps) {
  const { fallback } = draft;
  const set = (next: DraftFallback[]) => onDraft({ ...draft, fallback: next });
  const change = (key: number, fields: Partial<DraftFallback>) =>
    set(fallback.map((each) => (each.key === key ? { ...each, ...fields } : each)));
  return (
    <section className={styles.part} aria-labelledby="fallback">
      <h2 id="fallback">Fallback</h2>
      <p className={styles.hint}>Tried in this order when no target is left, for these kinds of failures.</p>
      {fallback.length > 0 && (
        <ol className={styles.rows}>
          {fallback.map((each, i) => (
            <li key={each.key} className={styles.fallback} aria-label={`Fallback ${i + 1}`}>
              <ModelField
                at={`fallback[${i}]`}
                model={each.model}
                models={models}
                onModel={(model) => change(each.key, { model })}
              />
              <span className={styles.actions}>
                <IconButton small icon="rise" label="Move up" disabled={i === 0} onClick={() => set(moved(fallback, i, i - 1))} />
                <IconButton
                  small
                  icon="close"
                  label={`Leave out ${each.model || `fallback ${i + 1}`}`}
                  onClick={() => set(fallback.filter((one) => one !== each))}
                />
              </span>
              <Classes legend="After" at={`fallback[${i}].on`} chosen={each.on} onChoose={(on) => change(each.key, { on })} />
            </li>
          ))}
        </ol>
      )}
      <Button icon="add" className={styles.add} onClick={() => set([...fallback, newFallback()])}>
        Add a fallback
      </Button>
    </section>
  );
}

interface ModelFieldProps {
  at: string;
  label?: string;
  model: string;
  models: Map<string, Target>;
  onModel: (model: string) => void;
}

/** A model there is. One that is named and is not there stays, and says so. */
export function ModelField({ at, label = "Model", model, models, onModel }: ModelFieldProps) {
  const target = models.get(model);
  const names = Array.from(models.keys());
  return (
    <div className={styles.model}>
      <SelectField label={label} at={at} value={model} onValue={onModel}>
        {model === "" && <option value="">Choose a model</option>}
        {model !== "" && !target && <option value={model}>{model} (not there)</option>}
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </SelectField>
      {target && (
        <span className={styles.health}>
          <HealthMark health={target.health} usableInS={target.usable_in_s} />
        </span>
      )}
    </div>
  );
}

function moved<T>(all: T[], from: number, to: number): T[] {
  const next = [...all];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
