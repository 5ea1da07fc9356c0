/** The one request that all targets get: as fields, or as its JSON. */
import { useState } from "react";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { Choice } from "../usage/Choice";
import { FieldsEditor } from "./FieldsEditor";
import { JsonEditor } from "./JsonEditor";
import { type Problem, compose } from "./compose";
import { type Draft, FORMS, type Form } from "./draft";
import styles from "./RequestPane.module.css";

interface RequestPaneProps {
  draft: Draft;
  problems: Problem[];
  /** Whether it was to run as it is. */
  attempted: boolean;
  isRunning: boolean;
  onDraft: (next: Draft | ((draft: Draft) => Draft)) => void;
  onRun: () => void;
  onStop: () => void;
}

const MODES = [
  { id: "fields", name: "Fields" },
  { id: "json", name: "JSON" },
];

const EMPTY = '{\n  "messages": []\n}';

export function RequestPane({ draft, problems, attempted, isRunning, onDraft, onRun, onStop }: RequestPaneProps) {
  const [isLeaving, setLeaving] = useState(false);
  const asFields = compose({ ...draft, raw: null });
  const written = asFields.ok ? asFields.body : EMPTY;
  const isEdited = draft.raw !== null && draft.raw !== written;
  const path = FORMS.find(({ id }) => id === draft.form)?.path;

  const onMode = (mode: string) => {
    if (mode === "json") onDraft({ ...draft, raw: draft.raw ?? written });
    else if (isEdited) setLeaving(true);
    else onDraft({ ...draft, raw: null });
  };
  const onForm = (form: Form) => {
    const next = compose({ ...draft, form, raw: null });
    onDraft({ ...draft, form, raw: draft.raw === null || isEdited ? draft.raw : next.ok ? next.body : EMPTY });
  };

  return (
    <section className={styles.pane} aria-label="Request">
      <div className={styles.scroll}>
        <header className={styles.head}>
          <h1>Playground</h1>
          <Choice label="Edit as" choices={MODES} chosen={draft.raw === null ? "fields" : "json"} onChoose={onMode} />
        </header>
        <div className={styles.form}>
          <Choice label="Form" choices={FORMS} chosen={draft.form} onChoose={(id) => onForm(id)} />
          <code>POST {path}</code>
        </div>
        {draft.raw === null ? (
          <FieldsEditor draft={draft} problems={problems} onDraft={onDraft} />
        ) : (
          <JsonEditor
            label="The request as JSON"
            note="Each column puts in its own “model”."
            rows={22}
            value={draft.raw}
            problem={problems[0]?.message ?? null}
            onChange={(raw) => onDraft({ ...draft, raw })}
          />
        )}
      </div>
      <footer className={styles.foot}>
        {attempted && problems[0] && (
          <p role="alert" className={styles.problem}>
            {NAMES[problems[0].field]}
            {problems[0].message}
          </p>
        )}
        <p className={styles.hint}>
          <kbd>Ctrl Enter</kbd> runs, <kbd>Esc</kbd> stops
        </p>
        {isRunning && (
          <Button icon="stop" onClick={onStop}>
            Stop all
          </Button>
        )}
        <Button look="main" icon="play" onClick={onRun}>
          Run
        </Button>
      </footer>
      {isLeaving && (
        <Confirm
          title="Leave the JSON?"
          action="Leave it"
          busy={false}
          error={null}
          onConfirm={() => {
            onDraft({ ...draft, raw: null });
            setLeaving(false);
          }}
          onClose={() => setLeaving(false)}
        >
          The fields are as you left them. What you changed in the JSON is lost.
        </Confirm>
      )}
    </section>
  );
}

const NAMES: Record<Problem["field"], string> = {
  messages: "",
  temperature: "Temperature: ",
  maxTokens: "Max tokens: ",
  schema: "JSON schema: ",
  tools: "Tools: ",
  raw: "",
};
