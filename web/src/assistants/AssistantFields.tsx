/** The fields of an assistant. */
import { useId } from "react";
import { useCatalog } from "../conversations/queries";
import { Field, NumberField, SelectField, TextField, useMistakeAt } from "../kit/Field";
import fieldStyles from "../kit/Field.module.css";
import { useResources } from "../targets/queries";
import type { Draft } from "./draft";
import styles from "./AssistantEditor.module.css";

interface Props {
  draft: Draft;
  isNew: boolean;
  onDraft: (draft: Draft) => void;
}

export function AssistantFields({ draft, isNew, onDraft }: Props) {
  const models = useCatalog().data?.models.map(({ model }) => model) ?? [];
  const routes = Array.from(new Set([...models, draft.route])).sort((a, b) => a.localeCompare(b));
  const set = (change: Partial<Draft>) => onDraft({ ...draft, ...change });
  return (
    <div className={styles.basics}>
      {isNew && (
        <TextField
          label="Name"
          at="name"
          hint="Applications ask for assistant/NAME: small letters, digits, dots and dashes."
          required
          spellCheck={false}
          value={draft.name}
          onValue={(name) => set({ name })}
        />
      )}
      <TextField label="Title" at="title" placeholder={draft.name} value={draft.title} onValue={(title) => set({ title })} />
      <TextField
        label="Description"
        at="description"
        className={isNew ? styles.wide : undefined}
        value={draft.description}
        onValue={(description) => set({ description })}
      />
      <Field
        label="Prompt"
        at="prompt"
        className={styles.wide}
        hint="How it answers. That it cites its passages is told to the model anyway."
      >
        {(control) => (
          <textarea {...control} rows={5} value={draft.prompt} onChange={(event) => set({ prompt: event.target.value })} />
        )}
      </Field>
      <Collections draft={draft} onDraft={onDraft} />
      <SelectField
        label="Route"
        at="route"
        hint="The route or model that writes the answers."
        value={draft.route}
        onValue={(route) => set({ route })}
      >
        {routes.map((route) => (
          <option key={route}>{route}</option>
        ))}
      </SelectField>
      <NumberField
        label="Passages"
        at="passages"
        hint="So many at most go into a prompt, 1 to 50."
        value={draft.passages}
        onValue={(passages) => set({ passages })}
      />
      <NumberField
        label="Room for passages"
        at="context_tokens"
        unit="tokens"
        hint="All of them together; from 200 on."
        value={draft.context_tokens}
        onValue={(context_tokens) => set({ context_tokens })}
      />
      <NumberField
        label="Neighbours"
        at="neighbours"
        hint="So many that stand before and after each passage go along, if there is room; 0 to 5."
        value={draft.neighbours}
        onValue={(neighbours) => set({ neighbours })}
      />
      <TextField
        label="Teams"
        at="teams"
        placeholder="all"
        hint="Who may ask it; names between commas."
        value={draft.teams}
        onValue={(teams) => set({ teams })}
      />
      <Field label="Examples" at="examples" className={styles.wide} hint="Questions that the page offers, one a line.">
        {(control) => (
          <textarea {...control} rows={3} value={draft.examples} onChange={(event) => set({ examples: event.target.value })} />
        )}
      </Field>
    </div>
  );
}

/** Those there are, and any that the assistant names although it is not there, or not to be seen. */
function Collections({ draft, onDraft }: Omit<Props, "isNew">) {
  const known = useResources("Collection").data ?? [];
  const names = Array.from(new Set([...known.map(({ name }) => name), ...draft.collections]));
  const mistake = useMistakeAt("collections");
  const id = useId();
  const toggle = (name: string, isOn: boolean) =>
    onDraft({ ...draft, collections: isOn ? [...draft.collections, name] : draft.collections.filter((each) => each !== name) });
  return (
    <fieldset className={styles.collections} aria-describedby={`${id}-told`}>
      <legend className={fieldStyles.label}>Collections</legend>
      <div className={styles.choices}>
        {names.map((name) => (
          <label key={name} className={styles.choice}>
            <input
              type="checkbox"
              checked={draft.collections.includes(name)}
              aria-invalid={mistake?.includes(`'${name}'`) ? true : undefined}
              onChange={(event) => toggle(name, event.target.checked)}
            />
            {name}
          </label>
        ))}
        {names.length === 0 && <span className={fieldStyles.hint}>There are none that you may see.</span>}
      </div>
      <p id={`${id}-told`} className={mistake ? fieldStyles.mistake : fieldStyles.hint}>
        {mistake ??
          "What it answers from; of these, everybody gets only what they may read. Without any it answers as its model does."}
      </p>
    </fieldset>
  );
}
