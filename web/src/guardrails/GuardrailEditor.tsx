/** One guardrail: what it holds for, its guards, the same as JSON, and beside them a text to try it on as it stands. */
import { useState } from "react";
import { useLocation } from "wouter";
import type { ResourceFields } from "../api/types";
import { Button } from "../kit/Button";
import { EditorForm } from "../kit/EditorForm";
import { EditorPane, RemoveMenu } from "../kit/EditorPane";
import { JsonEditor } from "../playground/JsonEditor";
import { isObject, parseJson, sentenceOf } from "../playground/json";
import { Replay } from "../replay/Replay";
import { CheckField, MistakeContext, TextField } from "../kit/Field";
import { SaveBar } from "../routes/SaveBar";
import { mistakeOf } from "../kit/mistakes";
import { useRemove, useReview } from "../routes/queries";
import { useRights } from "../session/queries";
import { Versions } from "../versions/Versions";
import { Guards } from "./Guards";
import { TryIt } from "./TryIt";
import { isSame, newGuardrail, withField, wordsOf } from "./draft";
import { useTrial } from "./queries";
import styles from "./GuardrailEditor.module.css";

/** Null for a new one. */
export function GuardrailEditor({ guardrail }: { guardrail: ResourceFields | null }) {
  const mayChange = useRights().change_guardrails;
  const [, go] = useLocation();
  const [base, setBase] = useState(guardrail ?? newGuardrail());
  const [draft, keep] = useState(base);
  const [asJson, setAsJson] = useState(false);
  const [times, setTimes] = useState(0); // fields begin anew where something else than they has changed the draft
  const review = useReview();
  const trial = useTrial();
  const setDraft = (next: ResourceFields) => {
    if (review.isError) review.reset();
    if (trial.isError) trial.reset();
    keep(next);
  };
  const beginAnew = (next: ResourceFields) => {
    setBase(next);
    keep(next);
    setTimes(times + 1);
  };
  const isChanged = !isSame(draft, base);
  return (
    <EditorPane
      name={guardrail?.name ?? "New guardrail"}
      list={{ href: "/guardrails", name: "All guardrails" }}
      alone
      actions={
        <span className={styles.actions}>
          <Button
            aria-pressed={asJson}
            onClick={() => {
              setAsJson(!asJson);
              setTimes(times + 1);
            }}
          >
            {asJson ? "As a form" : "As JSON"}
          </Button>
          {guardrail && mayChange && <GuardrailMenu name={guardrail.name} />}
        </span>
      }
    >
      <MistakeContext value={mistakeOf(review.error, "guardrail") ?? mistakeOf(trial.error, "guardrail")}>
        <div className={styles.columns}>
          <EditorForm
            error={review.error}
            className={styles.form}
            onSubmit={() => {
              if (isChanged) review.mutate(draft);
            }}
          >
            <fieldset key={times} className={styles.fields} disabled={!mayChange}>
              <legend className="unseen">The guardrail</legend>
              {asJson ? (
                <Written draft={draft} onDraft={setDraft} />
              ) : (
                <>
                  <Basics draft={draft} isNew={guardrail === null} onDraft={setDraft} />
                  <Guards draft={draft} onDraft={setDraft} />
                </>
              )}
            </fieldset>
            {mayChange && (
              <SaveBar
                noun="guardrail"
                resource={draft}
                isChanged={isChanged}
                isOutdated={guardrail !== null && !isSame(guardrail, base)}
                review={review}
                onDiscard={() => beginAnew(guardrail ?? newGuardrail())}
                onSaved={({ name, after }) => {
                  beginAnew(after as ResourceFields);
                  if (guardrail === null) go(`/guardrails/${encodeURIComponent(name)}`);
                }}
              />
            )}
          </EditorForm>
          <aside className={styles.aside}>
            <TryIt guardrails={mayChange || guardrail === null ? draft : [guardrail.name]} trial={trial} />
            <Replay resource={draft} />
          </aside>
        </div>
      </MistakeContext>
      {guardrail && <Versions of={{ kind: "Guardrail", name: guardrail.name }} mayRestore={mayChange} onRestored={beginAnew} />}
    </EditorPane>
  );
}

interface PartProps {
  draft: ResourceFields;
  onDraft: (draft: ResourceFields) => void;
}

function Basics({ draft, isNew, onDraft }: PartProps & { isNew: boolean }) {
  const holdsForAll = draft.default === true;
  return (
    <div className={styles.basics}>
      {isNew && (
        <TextField
          label="Name"
          at="name"
          hint="Small letters, digits, dots and dashes."
          required
          spellCheck={false}
          value={draft.name}
          onValue={(name) => onDraft({ ...draft, name })}
        />
      )}
      <TextField
        label="Description"
        at="description"
        value={typeof draft.description === "string" ? draft.description : ""}
        onValue={(description) => onDraft(withField(draft, "description", description))}
      />
      <CheckField
        label="Holds for everything"
        at="default"
        checked={holdsForAll}
        onCheck={(checked) => {
          const { routes, assistants, teams, ...rest } = draft;
          const others = checked ? {} : { routes, assistants, teams };
          onDraft(withField({ ...rest, ...others }, "default", checked || undefined));
        }}
      />
      {!holdsForAll && (
        <>
          <Names
            label="Routes and models"
            at="routes"
            hint="A model’s also holds for every route to it."
            draft={draft}
            onDraft={onDraft}
          />
          <Names label="Assistants" at="assistants" draft={draft} onDraft={onDraft} />
          <Names label="Teams" at="teams" draft={draft} onDraft={onDraft} />
        </>
      )}
    </div>
  );
}

function Names({ label, at, hint, draft, onDraft }: PartProps & { label: string; at: string; hint?: string }) {
  const [typed, setTyped] = useState(Array.isArray(draft[at]) ? draft[at].map(String).join(", ") : "");
  return (
    <TextField
      label={label}
      at={at}
      hint={hint}
      placeholder="none"
      spellCheck={false}
      value={typed}
      onValue={(next) => {
        setTyped(next);
        onDraft(withField(draft, at, wordsOf(next)));
      }}
    />
  );
}

/** The resource as it would be sent. What is no JSON yet changes nothing. */
function Written({ draft, onDraft }: PartProps) {
  const [typed, setTyped] = useState(() => JSON.stringify(draft, null, 2));
  const parsed = parseJson(typed);
  const problem = !parsed.ok ? sentenceOf(parsed.fault) : isObject(parsed.value) ? null : "It has to be an object.";
  return (
    <JsonEditor
      label="The guardrail as JSON"
      rows={20}
      value={typed}
      problem={problem}
      note="As stoa apply takes it; secrets stay as they are where they are masked."
      onChange={(next) => {
        setTyped(next);
        const read = parseJson(next);
        if (read.ok && isObject(read.value)) onDraft(read.value as unknown as ResourceFields);
      }}
    />
  );
}

function GuardrailMenu({ name }: { name: string }) {
  return (
    <RemoveMenu noun="guardrail" name={name} remove={useRemove("Guardrail")} href="/guardrails">
      What “{name}” has refused, masked or recorded will pass.
    </RemoveMenu>
  );
}
