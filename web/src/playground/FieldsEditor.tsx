/** System, messages and parameters, in words that all three forms share. */
import type { ReactNode } from "react";
import { Button } from "../kit/Button";
import { GrowingText } from "../kit/GrowingText";
import { JsonEditor } from "./JsonEditor";
import { MessageEditor } from "./MessageEditor";
import type { Problem } from "./compose";
import { type Draft, type DraftMessage, newMessage } from "./draft";
import styles from "./FieldsEditor.module.css";

interface FieldsEditorProps {
  draft: Draft;
  problems: Problem[];
  onDraft: (next: Draft | ((draft: Draft) => Draft)) => void;
}

export function FieldsEditor({ draft, problems, onDraft }: FieldsEditorProps) {
  const set = (fields: Partial<Draft>) => onDraft((held) => ({ ...held, ...fields }));
  const setMessage = (id: string, change: (message: DraftMessage) => DraftMessage) =>
    onDraft((held) => ({ ...held, messages: held.messages.map((each) => (each.id === id ? change(each) : each)) }));
  const problemOf = (field: Problem["field"]) => problems.find((each) => each.field === field)?.message ?? null;
  const next = draft.messages.at(-1)?.role === "user" ? "assistant" : "user";

  return (
    <div className={styles.fields}>
      <div className={styles.box}>
        <GrowingText
          label="System"
          placeholder="System: how to answer"
          value={draft.system}
          onChange={(system) => set({ system })}
        />
      </div>
      <ol className={styles.messages} aria-label="Messages">
        {draft.messages.map((message, i) => (
          <MessageEditor
            key={message.id}
            message={message}
            place={i + 1}
            onChange={(change) => setMessage(message.id, change)}
            onRemove={
              draft.messages.length > 1
                ? () => onDraft((held) => ({ ...held, messages: held.messages.filter(({ id }) => id !== message.id) }))
                : null
            }
          />
        ))}
      </ol>
      <Button
        className={styles.more}
        icon="add"
        onClick={() => onDraft((held) => ({ ...held, messages: [...held.messages, newMessage(next)] }))}
      >
        Add a message
      </Button>
      <div className={styles.numbers}>
        <NumberField label="Temperature" value={draft.temperature} problem={problemOf("temperature")}>
          {(props) => <input {...props} inputMode="decimal" onChange={(event) => set({ temperature: event.target.value })} />}
        </NumberField>
        <NumberField label="Max tokens" value={draft.maxTokens} problem={problemOf("maxTokens")}>
          {(props) => <input {...props} inputMode="numeric" onChange={(event) => set({ maxTokens: event.target.value })} />}
        </NumberField>
      </div>
      <div className={styles.switches}>
        <label>
          <input type="checkbox" checked={draft.stream} onChange={(event) => set({ stream: event.target.checked })} />
          Stream
        </label>
        <label>
          <input type="checkbox" checked={draft.fresh} onChange={(event) => set({ fresh: event.target.checked })} />
          Pass the cache by
        </label>
      </div>
      <details className={styles.more} open={draft.schema !== ""}>
        <summary>JSON schema of the answer</summary>
        <JsonEditor
          label="JSON schema"
          rows={7}
          placeholder={'{"type": "object", "properties": {…},\n "required": […], "additionalProperties": false}'}
          value={draft.schema}
          problem={problemOf("schema")}
          onChange={(schema) => set({ schema })}
        />
      </details>
      <details className={styles.more} open={draft.tools !== ""}>
        <summary>Tools</summary>
        <JsonEditor
          label="Tools as JSON"
          rows={9}
          placeholder={'[{"type": "function", "function": {\n  "name": "…", "parameters": {…}}}]'}
          note="In the shape of any form: they go out in that of the one chosen above."
          value={draft.tools}
          problem={problemOf("tools")}
          onChange={(tools) => set({ tools })}
        />
      </details>
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  value: string;
  problem: string | null;
  children: (props: { value: string; placeholder: string; "aria-invalid": boolean }) => ReactNode;
}

function NumberField({ label, value, problem, children }: NumberFieldProps) {
  return (
    <label className={styles.number}>
      <span>{label}</span>
      {children({ value, placeholder: "the model's own", "aria-invalid": problem !== null })}
      {problem !== null && <small>{problem}</small>}
    </label>
  );
}
