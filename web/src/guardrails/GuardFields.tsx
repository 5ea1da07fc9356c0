/** The fields of one guard, by its type. */
import { useId, useState } from "react";
import { Button, IconButton } from "../kit/Button";
import { CheckField, Field, NumberField, SelectField, TextField } from "../kit/Field";
import { type Fields, linesOf, numberOr, withField, wordsOf } from "./draft";
import { ACTIONS, type FieldSpec, GUARDS, STAGES, STREAMS } from "./fields";
import styles from "./GuardFields.module.css";

interface GuardFieldsProps {
  guard: Fields;
  /** Where it stands, such as `guards[0]`. */
  at: string;
  onGuard: (guard: Fields) => void;
}

export function GuardFields({ guard, at, onGuard }: GuardFieldsProps) {
  const spec = GUARDS[String(guard.type)];
  if (!spec) return null;
  const set = (name: string, value: unknown) => onGuard(withField(guard, name, value));
  const on = (Array.isArray(guard.on) ? guard.on : spec.stages[0])?.map(String).join(",") ?? "";
  const judgesAnswers = on.includes("output");
  return (
    <div className={styles.fields}>
      {spec.fields.map((field) => (
        <GuardField key={field.name} spec={field} at={`${at}.${field.name}`} value={guard[field.name]} onValue={set} />
      ))}
      {spec.actions.length > 0 && (
        <Choice
          label="Does"
          at={`${at}.action`}
          value={guard.action}
          options={spec.actions}
          words={ACTIONS}
          onValue={(action) => set("action", action)}
        />
      )}
      {spec.stages.length > 1 && (
        <SelectField
          label="Judges"
          at={`${at}.on`}
          value={on}
          onValue={(stages) => set("on", stages === spec.stages[0]?.join(",") ? undefined : stages.split(","))}
        >
          {spec.stages.map((stages) => (
            <option key={stages.join(",")} value={stages.join(",")}>
              {STAGES[stages.join(",")]}
            </option>
          ))}
        </SelectField>
      )}
      {spec.streams.length > 0 && judgesAnswers && (
        <Choice
          label="Answers that stream are"
          at={`${at}.stream`}
          value={guard.stream}
          options={spec.streams}
          words={STREAMS}
          onValue={(stream) => set("stream", stream)}
        />
      )}
      <CheckField
        label="Let requests pass that it could not judge"
        at={`${at}.on_error`}
        checked={guard.on_error === "open"}
        onCheck={(open) => set("on_error", open ? "open" : undefined)}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  at: string;
  value: unknown;
  options: string[];
  words: Record<string, string>;
  onValue: (value: string | undefined) => void;
}

/** The first option is the default, and left out. */
function Choice({ label, at, value, options, words, onValue }: ChoiceProps) {
  const chosen = typeof value === "string" ? value : (options[0] ?? "");
  return (
    <SelectField label={label} at={at} value={chosen} onValue={(next) => onValue(next === options[0] ? undefined : next)}>
      {[...new Set([...options, chosen])].map((each) => (
        <option key={each} value={each}>
          {words[each] ?? each}
        </option>
      ))}
    </SelectField>
  );
}

interface GuardFieldProps {
  spec: FieldSpec;
  at: string;
  value: unknown;
  onValue: (name: string, value: unknown) => void;
}

function GuardField({ spec, at, value, onValue }: GuardFieldProps) {
  const { name, label, hint } = spec;
  const told = { label, at, hint };
  const set = (next: unknown) => onValue(name, next);
  switch (spec.kind) {
    case "text":
      return <TextField {...told} placeholder={spec.placeholder} spellCheck={false} value={text(value)} onValue={set} />;
    case "number":
      return (
        <NumberField {...told} placeholder={spec.placeholder} value={text(value)} onValue={(typed) => set(numberOr(typed))} />
      );
    case "words":
      return <Typed {...told} value={list(value).join(", ")} read={wordsOf} onValue={set} />;
    case "lines":
      return <Typed {...told} rows={3} value={list(value).join("\n")} read={linesOf} onValue={set} />;
    case "json":
      return <Typed {...told} rows={5} value={value === undefined ? "" : written(value)} read={readJson} onValue={set} />;
    case "topics":
      return <Topics {...told} value={value} onValue={set} />;
    case "check":
      return (
        <CheckField
          {...told}
          checked={typeof value === "boolean" ? value : spec.fallback}
          onCheck={(checked) => set(checked === spec.fallback ? undefined : checked)}
        />
      );
    case "select":
      return <Choice {...told} value={value} options={Object.keys(spec.options)} words={spec.options} onValue={set} />;
  }
}

interface TypedProps {
  label: string;
  at: string;
  hint?: string;
  rows?: number;
  value: string;
  read: (text: string) => unknown;
  onValue: (value: unknown) => void;
}

/** What is read from a text while it stays as it is written: a comma at its end is none of the words. */
function Typed({ rows, value, read, onValue, ...field }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const change = (next: string) => {
    setTyped(next);
    onValue(read(next));
  };
  return (
    <Field {...field}>
      {(control) =>
        rows === undefined ? (
          <input
            {...control}
            value={typed}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => change(event.target.value)}
          />
        ) : (
          <textarea {...control} rows={rows} value={typed} spellCheck={false} onChange={(event) => change(event.target.value)} />
        )
      }
    </Field>
  );
}

interface TopicsProps {
  label: string;
  at: string;
  hint?: string;
  value: unknown;
  onValue: (value: unknown) => void;
}

function Topics({ label, at, hint, value, onValue }: TopicsProps) {
  const id = useId();
  const topics = Array.isArray(value) ? (value as Fields[]) : [];
  const [keys, setKeys] = useState(() => topics.map((_, i) => i));
  const set = (next: Fields[]) => onValue(next);
  return (
    <div role="group" aria-labelledby={id} className={styles.topics}>
      <p id={id} className={styles.label}>
        {label}
      </p>
      {hint && <p className={styles.hint}>{hint}</p>}
      {topics.map((topic, i) => (
        <div key={keys[i]} className={styles.topic}>
          <TextField
            label="Topic"
            at={`${at}[${i}].name`}
            value={text(topic.name)}
            onValue={(name) => set(topics.map((each, j) => (j === i ? { ...each, name } : each)))}
          />
          <Typed
            label="Sentences about it"
            at={`${at}[${i}].examples`}
            rows={3}
            value={list(topic.examples).join("\n")}
            read={linesOf}
            onValue={(examples) => set(topics.map((each, j) => (j === i ? { ...each, examples } : each)))}
          />
          <IconButton
            small
            icon="remove"
            label={`Remove topic ${i + 1}`}
            onClick={() => {
              setKeys(keys.filter((_, j) => j !== i));
              set(topics.filter((_, j) => j !== i));
            }}
          />
        </div>
      ))}
      <Button
        onClick={() => {
          setKeys([...keys, Math.max(-1, ...keys) + 1]);
          set([...topics, { name: "", examples: [] }]);
        }}
      >
        Add a topic
      </Button>
    </div>
  );
}

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** The text itself where it is no JSON, for Stoa to say so at the field. */
function readJson(typed: string): unknown {
  try {
    return JSON.parse(typed) as unknown;
  } catch {
    return typed;
  }
}
