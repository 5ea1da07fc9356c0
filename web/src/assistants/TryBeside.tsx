/** One question to two versions side by side: what they answer, whether their passages say so, what it costs and how long it takes. */
import { type RefObject, useState } from "react";
import type { ResourceFields } from "../api/types";
import { useVersions } from "../versions/queries";
import { isWhole, whoAndWhen } from "../versions/words";
import { Button } from "../kit/Button";
import { useEscapeToStop } from "../conversations/useEscapeToStop";
import { useCatalog } from "../conversations/queries";
import { AnswerView } from "../playground/AnswerView";
import { Strip } from "../playground/Strip";
import { type Run, isUnderWay } from "../playground/run";
import { useRuns } from "../playground/useRuns";
import { Field, SelectField } from "../kit/Field";
import { asDraft, asEarlier, asServed } from "./asked";
import { type Draft, named, resourceOf } from "./draft";
import type { useApply } from "./queries";
import styles from "./TryBeside.module.css";

interface TryBesideProps {
  saved: ResourceFields | null;
  draft: Draft;
  isChanged: boolean;
  /** What it is tried beside: the saved version, another assistant or model by name, or an earlier version. */
  beside: Beside;
  onBeside: (beside: Beside) => void;
  /** Where a question is typed. */
  input: RefObject<HTMLTextAreaElement | null>;
  /** Finds the mistakes of the draft, which are shown at its fields. */
  check: ReturnType<typeof useApply>;
}

export type Beside = string | number;
export const SAVED: Beside = "";

export function TryBeside({ saved, draft, isChanged, beside, onBeside, input, check }: TryBesideProps) {
  const catalog = useCatalog().data;
  const [question, setQuestion] = useState(draft.examples.split("\n")[0] ?? "");
  const [runs, shown] = useRuns();
  const here = named(resourceOf(draft));
  const versions = useVersions(saved && { kind: "Assistant", name: saved.name }).data ?? [];
  const earlier = versions.slice(1).filter(isWhole);
  const served = beside === SAVED ? (saved ? `assistant/${saved.name}` : null) : beside;
  const isRunning = isUnderWay(shown.get("draft")) || isUnderWay(shown.get("other"));
  const others = [...(catalog?.assistants ?? []), ...(catalog?.models ?? [])]
    .map(({ model }) => model)
    .filter((model) => model !== `assistant/${saved?.name ?? ""}`);
  useEscapeToStop(isRunning, () => runs.stopAll());

  const ask = async () => {
    await check.mutateAsync(here);
    void runs.start("draft", asDraft(here, question), here.name);
    if (typeof served === "number") void runs.start("other", asEarlier(here.name, served, question), `version ${served}`);
    else if (served) void runs.start("other", asServed(served, question), served);
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
            <textarea
              {...control}
              ref={input}
              rows={2}
              required
              value={question}
              onChange={(event) => setQuestion(event.target.value)}
            />
          )}
        </Field>
        <SelectField
          label="Beside"
          at="beside"
          value={String(beside)}
          onValue={(value) => onBeside(/^\d+$/.test(value) ? Number(value) : value)}
        >
          <option value={SAVED}>{saved ? "The saved version" : "Nothing"}</option>
          {earlier.length > 0 && (
            <optgroup label="Earlier versions">
              {earlier.map((each) => (
                <option key={each.version} value={each.version}>
                  Version {each.version} · {whoAndWhen(each)}
                </option>
              ))}
            </optgroup>
          )}
          <optgroup label="Others">
            {others.map((model) => (
              <option key={model}>{model}</option>
            ))}
          </optgroup>
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
        {served !== null && <Column name={titleOf(beside)} run={shown.get("other")} />}
      </div>
    </section>
  );
}

function titleOf(beside: Beside): string {
  if (typeof beside === "number") return `As version ${beside} was`;
  return beside === SAVED ? "As it is saved" : beside;
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
