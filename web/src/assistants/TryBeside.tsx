/** One question to two versions side by side: what they answer, whether their passages say so, what it costs and how long it takes. */
import { useState } from "react";
import type { ResourceFields } from "../api/types";
import { Button } from "../kit/Button";
import { useEscapeToStop } from "../conversations/useEscapeToStop";
import { useCatalog } from "../conversations/queries";
import { AnswerView } from "../playground/AnswerView";
import { Strip } from "../playground/Strip";
import { type Run, isUnderWay } from "../playground/run";
import { useRuns } from "../playground/useRuns";
import { Field, SelectField } from "../kit/Field";
import { asDraft, asServed } from "./asked";
import { type Draft, named, resourceOf } from "./draft";
import type { useApply } from "./queries";
import styles from "./TryBeside.module.css";

interface TryBesideProps {
  saved: ResourceFields | null;
  draft: Draft;
  isChanged: boolean;
  /** Finds the mistakes of the draft, which are shown at its fields. */
  check: ReturnType<typeof useApply>;
}

const SAVED = "";

export function TryBeside({ saved, draft, isChanged, check }: TryBesideProps) {
  const catalog = useCatalog().data;
  const [question, setQuestion] = useState(draft.examples.split("\n")[0] ?? "");
  const [beside, setBeside] = useState(SAVED);
  const [runs, shown] = useRuns();
  const here = named(resourceOf(draft));
  const other = beside === SAVED ? (saved ? `assistant/${saved.name}` : null) : beside;
  const isRunning = isUnderWay(shown.get("draft")) || isUnderWay(shown.get("other"));
  const others = [...(catalog?.assistants ?? []), ...(catalog?.models ?? [])]
    .map(({ model }) => model)
    .filter((model) => model !== `assistant/${saved?.name ?? ""}`);
  useEscapeToStop(isRunning, () => runs.stopAll());

  const ask = async () => {
    await check.mutateAsync(here);
    void runs.start("draft", asDraft(here, question), here.name);
    if (other) void runs.start("other", asServed(other, question), other);
    else runs.drop("other");
  };

  return (
    <section className={styles.panel} aria-labelledby="try-beside">
      <h2 id="try-beside">Try it beside another version</h2>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (question.trim()) ask().catch(() => undefined); // shown at the fields, or above the form
        }}
      >
        <Field label="Question" at="question" className={styles.question}>
          {(control) => (
            <textarea {...control} rows={2} required value={question} onChange={(event) => setQuestion(event.target.value)} />
          )}
        </Field>
        <SelectField label="Beside" at="beside" value={beside} onValue={setBeside}>
          <option value={SAVED}>{saved ? "The saved version" : "Nothing"}</option>
          {others.map((model) => (
            <option key={model}>{model}</option>
          ))}
        </SelectField>
        {isRunning ? (
          <Button icon="stop" onClick={() => runs.stopAll()}>
            Stop
          </Button>
        ) : (
          <Button type="submit" look="main" icon="play" disabled={check.isPending || !question.trim()}>
            Ask
          </Button>
        )}
      </form>
      <p className={styles.note}>
        It is asked, limited and billed as a question of yours, and reads what you may read. Nothing is saved.
      </p>
      <div className={styles.columns}>
        <Column name={isChanged || !saved ? "As it stands here" : "As it is"} run={shown.get("draft")} />
        {other && <Column name={beside === SAVED ? "As it is saved" : beside} run={shown.get("other")} />}
      </div>
    </section>
  );
}

function Column({ name, run }: { name: string; run: Run | undefined }) {
  return (
    <article className={styles.column} aria-label={name} aria-busy={isUnderWay(run)}>
      <h3>{name}</h3>
      <Strip run={run} />
      <div className={styles.answer}>
        <AnswerView run={run} onContinue={null} />
      </div>
    </article>
  );
}
