/** Where a request would go over the route as it stands here, saved or not, and why. Nothing is sent to a provider. */
import { useState } from "react";
import type { RouteExplanation, Target } from "../api/types";
import { Button } from "../kit/Button";
import { Failure } from "../kit/states";
import { HealthMark } from "../targets/HealthMark";
import { ERROR_CLASSES } from "../targets/health";
import { Field, TextField } from "../kit/Field";
import { type Draft, type RouteResource, resourceOf, words } from "./draft";
import { mistakeOf } from "../kit/mistakes";
import { type Trial, useTrial } from "./queries";
import styles from "./TryIt.module.css";

type Step = RouteExplanation["steps"][number];

interface TryItProps {
  draft: Draft;
  models: Map<string, Target>;
  trial: ReturnType<typeof useTrial>;
}

export function TryIt({ draft, models, trial }: TryItProps) {
  const [prompt, setPrompt] = useState("How long is parental leave?");
  const [tags, setTags] = useState("");
  const [user, setUser] = useState("");
  const wanted: Trial = { route: named(resourceOf(draft)), prompt, tags: words(tags), user: user.trim() || null };
  const isOld = trial.data !== undefined && JSON.stringify(trial.variables) !== JSON.stringify(wanted);
  const isOfAField = mistakeOf(trial.error)?.field;

  return (
    <section className={styles.panel} aria-labelledby="try-it">
      <h2 id="try-it">Try it</h2>
      <p className={styles.note}>Where would this request go, and why? Nothing is sent.</p>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          trial.mutate(wanted);
        }}
      >
        <Field label="Prompt" at="prompt">
          {(control) => <textarea {...control} rows={3} value={prompt} onChange={(event) => setPrompt(event.target.value)} />}
        </Field>
        {draft.strategy === "tagged" && (
          <TextField label="Tags of the request" at="tags" placeholder="none" value={tags} onValue={setTags} />
        )}
        {draft.sticky && <TextField label="User of the application" at="user" placeholder="you" value={user} onValue={setUser} />}
        <Button type="submit" look={trial.data && !isOld ? "plain" : "main"} disabled={trial.isPending}>
          {trial.data ? "Try again" : "Try it"}
        </Button>
      </form>
      <div aria-live="polite">
        {trial.isError &&
          (isOfAField ? (
            <p className={styles.note}>The route has a mistake, shown at its field.</p>
          ) : (
            <Failure error={trial.error} />
          ))}
        {trial.data && <Outcome explanation={trial.data} models={models} isOld={isOld} />}
      </div>
    </section>
  );
}

/** A route that has no name yet can be tried under one. */
const named = (route: RouteResource): RouteResource => (route.name ? route : { ...route, name: "draft" });

interface OutcomeProps {
  explanation: RouteExplanation;
  models: Map<string, Target>;
  isOld: boolean;
}

function Outcome({ explanation: { steps, complexity }, models, isOld }: OutcomeProps) {
  const isNobody = steps.every((step) => step.verdict === "passed over");
  return (
    <div className={isOld ? styles.old : undefined}>
      {isOld && <p className={styles.note}>The route or the request has changed since this was tried.</p>}
      {complexity !== null && <p className={styles.note}>The request’s complexity is {complexity.toFixed(2)} of 1.</p>}
      {isNobody && <p className={styles.nobody}>It would be refused: no target can be asked now.</p>}
      <ol className={styles.steps} aria-label="Where the request would go">
        {steps.map((step) => (
          <li key={step.model} className={styles.step} data-verdict={step.verdict}>
            <p className={styles.verdict}>{verdictText(step)}</p>
            <p className={styles.model}>
              <HealthMark health={models.get(step.model)?.health ?? "unknown"} />
              {step.model}
              {step.arm && step.arm !== step.model && <span className={styles.arm}>arm {step.arm}</span>}
              {step.provider && <span className={styles.provider}>{step.provider}</span>}
            </p>
            <p className={styles.why}>{step.why}</p>
          </li>
        ))}
      </ol>
    </div>
  );
}

function verdictText({ verdict, on }: Step): string {
  switch (verdict) {
    case "first":
      return "Asked first";
    case "then":
      return "Next, after any failure of the provider";
    case "on":
      return `After ${on.map((each) => ERROR_CLASSES[each]).join(", ")}`;
    case "passed over":
      return "Passed over";
  }
}
