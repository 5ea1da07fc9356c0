/** Another source: its type, what that is told, how often it looks and whom its documents are for. It can be tried before it is saved. */
import { useState } from "react";
import { useLocation } from "wouter";
import { viewHref } from "../collections/places";
import { Button } from "../kit/Button";
import { EditorForm } from "../kit/EditorForm";
import { CheckField, MistakeContext, SelectField, TextField } from "../kit/Field";
import { mistakeOf } from "../kit/mistakes";
import { OriginFields } from "./OriginFields";
import { type Draft, TYPES, newDraft, resourceOf } from "./draft";
import { useApplySource, useTest } from "./queries";
import styles from "./Sources.module.css";

export function SourceForm({ collection, onClose }: { collection: string; onClose: () => void }) {
  const [draft, setDraft] = useState<Draft>(newDraft());
  const [save, test] = [useApplySource(), useTest()];
  const [, go] = useLocation();
  const wrong = save.error ?? test.error;
  const mistake = mistakeOf(wrong, "source");
  const type = TYPES[draft.type];

  const set = (change: Partial<Draft>) => {
    save.reset();
    test.reset();
    setDraft({ ...draft, ...change });
  };
  const onType = (next: string) => set({ ...newDraft(next), name: draft.name, allow: draft.allow, deny: draft.deny });
  const onSave = () =>
    save.mutate(resourceOf(draft, collection), {
      onSuccess: () => {
        onClose();
        go(`${viewHref(collection, "sources")}?source=${encodeURIComponent(draft.name.trim())}`);
      },
    });

  return (
    <MistakeContext value={mistake}>
      <EditorForm label="New source" error={wrong} className={styles.form} onSubmit={onSave}>
        <h2>New source</h2>
        <div className={styles.fields}>
          <SelectField label="Type" at="origin.type" hint={type?.about} value={draft.type} onValue={onType}>
            {Object.entries(TYPES).map(([id, { name }]) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Name"
            at="name"
            hint="Small letters, digits, dots and dashes."
            required
            spellCheck={false}
            value={draft.name}
            onValue={(name) => set({ name })}
          />
        </div>
        {type && (
          <OriginFields
            type={type}
            origin={draft.origin}
            credentials={draft.credentials}
            onOrigin={(origin) => set({ origin })}
            onCredentials={(credentials) => set({ credentials })}
          />
        )}
        {draft.type !== "push" && <When draft={draft} onDraft={set} />}
        <fieldset className={styles.group}>
          <legend>For whom</legend>
          <div className={styles.fields}>
            <TextField
              label="Who may read its documents"
              at="allow"
              placeholder="the collection's team"
              hint="Tags such as group:hr, user:ada or public; for documents that say nothing of their own."
              value={draft.allow}
              onValue={(allow) => set({ allow })}
            />
            <TextField
              label="Who may not"
              at="deny"
              hint="Holds for all of its documents."
              value={draft.deny}
              onValue={(deny) => set({ deny })}
            />
            {draft.type !== "push" && (
              <>
                <TextField
                  label="Only these paths"
                  at="include"
                  placeholder="all"
                  hint="Patterns such as policies/*.pdf"
                  value={draft.include}
                  onValue={(include) => set({ include })}
                />
                <TextField label="Not these paths" at="exclude" value={draft.exclude} onValue={(exclude) => set({ exclude })} />
              </>
            )}
          </div>
        </fieldset>
        {mistake && (
          <p role="alert" className={styles.bad}>
            {mistake.message}
          </p>
        )}
        {test.data && (
          <p role="status" className={test.data.reached ? styles.good : styles.bad}>
            {test.data.message}
          </p>
        )}
        <div className={styles.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button disabled={test.isPending} onClick={() => test.mutate({ source: resourceOf(draft, collection) })}>
            {test.isPending ? "Testing" : "Test"}
          </Button>
          <Button type="submit" look="main" disabled={save.isPending}>
            Add it
          </Button>
        </div>
      </EditorForm>
    </MistakeContext>
  );
}

function When({ draft, onDraft }: { draft: Draft; onDraft: (change: Partial<Draft>) => void }) {
  return (
    <fieldset className={styles.group}>
      <legend>When</legend>
      <div className={styles.fields}>
        <TextField
          label="Every"
          at="every"
          placeholder="only when asked"
          hint="Such as 30s, 15m, 6h or 1d."
          value={draft.every}
          onValue={(every) => onDraft({ every })}
        />
        <TextField
          label="Fetch only between"
          at="window"
          placeholder="at all hours"
          hint="Such as 22:00-06:00. Rights and removals are followed at all hours."
          value={draft.window}
          onValue={(window) => onDraft({ window })}
        />
        {draft.window.trim() !== "" && (
          <TextField
            label="Time zone"
            at="time_zone"
            placeholder="UTC"
            hint="Such as Europe/Berlin"
            value={draft.time_zone}
            onValue={(time_zone) => onDraft({ time_zone })}
          />
        )}
        {draft.type === "folder" && (
          <CheckField
            label="As soon as something changes in it"
            at="watch"
            checked={draft.watch}
            onCheck={(watch) => onDraft({ watch })}
          />
        )}
      </div>
    </fieldset>
  );
}
