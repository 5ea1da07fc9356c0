/** What a guardrail makes of a text, shown at the places where it found something. */
import { useState } from "react";
import type { ResourceFields, TriedGuardrail } from "../api/types";
import { Button } from "../kit/Button";
import { Failure } from "../kit/states";
import { Field } from "../kit/Field";
import { stretches } from "./guardrails";
import { type Trial, type useTrial } from "./queries";
import styles from "./Guardrails.module.css";

interface TryItProps {
  /** Guardrails that are applied; or one as it stands in the editor. */
  guardrails: string[] | ResourceFields;
  trial: ReturnType<typeof useTrial>;
}

export function TryIt({ guardrails, trial }: TryItProps) {
  const names = Array.isArray(guardrails) ? guardrails : null;
  const [name, setName] = useState(names?.[0] ?? "");
  const [text, setText] = useState("Please write to ada@example.com.");
  const [stage, setStage] = useState<Trial["stage"]>("input");
  const wanted: Trial = { guardrail: Array.isArray(guardrails) ? name : guardrails, text, stage };
  const isOld = JSON.stringify(trial.variables) !== JSON.stringify(wanted);

  return (
    <section className={styles.panel} aria-labelledby="try-it">
      <h2 id="try-it">Try it</h2>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          trial.mutate(wanted);
        }}
      >
        {names && (
          <Field label="Guardrail" at="tried">
            {(control) => (
              <select {...control} value={name} onChange={(event) => setName(event.target.value)}>
                {names.map((each) => (
                  <option key={each}>{each}</option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label="As" at="stage">
          {(control) => (
            <select {...control} value={stage} onChange={(event) => setStage(event.target.value as Trial["stage"])}>
              <option value="input">a message of the user</option>
              <option value="output">an answer of the model</option>
            </select>
          )}
        </Field>
        <Field label="Text" at="text" hint="It is judged by a gateway and kept nowhere.">
          {(control) => <textarea {...control} rows={5} value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <Button type="submit" look="main" disabled={trial.isPending}>
          Try it
        </Button>
      </form>
      <div aria-live="polite">
        {trial.isError && <Failure error={trial.error} />}
        {trial.data && !isOld && <Outcome sent={text} tried={trial.data} />}
      </div>
    </section>
  );
}

function Outcome({ sent, tried }: { sent: string; tried: TriedGuardrail }) {
  return (
    <div className={styles.outcome}>
      {tried.refused !== null ? (
        <p className={styles.refused}>{tried.refused}</p>
      ) : (
        <p className={styles.note}>{tried.findings.length > 0 ? "It goes on." : "It goes on: nothing was found."}</p>
      )}
      {tried.findings.length > 0 && (
        <p className={styles.text} aria-label="What was found">
          {stretches(sent, tried.findings).map(({ text, kind }, i) =>
            kind === null ? (
              <span key={i}>{text}</span>
            ) : (
              <mark key={i} title={kind}>
                {text}
                <small>{kind}</small>
              </mark>
            ),
          )}
        </p>
      )}
      {tried.text !== null && tried.text !== sent && (
        <>
          <h3>What goes on</h3>
          <p className={styles.text}>{tried.text}</p>
        </>
      )}
      <ul className={styles.verdicts} aria-label="Verdicts">
        {tried.verdicts.map(({ guard, action, latency_us }, i) => (
          <li key={i}>
            {guard}: {action}
            {latency_us > 0 && `, ${latency_us.toLocaleString("en")} µs`}
          </li>
        ))}
      </ul>
    </div>
  );
}
