/** One route: its fields, what saving would change, and beside them where a request would go. */
import { useLocation } from "wouter";
import type { ResourceFields, Target } from "../api/types";
import { EditorForm } from "../kit/EditorForm";
import { EditorPane, RemoveMenu } from "../kit/EditorPane";
import { Replay } from "../replay/Replay";
import { useRights } from "../session/queries";
import { Versions } from "../versions/Versions";
import { CheckField, MistakeContext, SelectField, TextField } from "../kit/Field";
import { Policies } from "./Policies";
import { SaveBar } from "./SaveBar";
import { Fallbacks, Targets } from "./Targets";
import { TryIt } from "./TryIt";
import { type Draft, type Strategy, resourceOf } from "./draft";
import { mistakeOf } from "../kit/mistakes";
import { useRemove, useReview, useTrial } from "./queries";
import { useDraft } from "./useDraft";
import { STRATEGIES } from "./words";
import styles from "./RouteEditor.module.css";

interface RouteEditorProps {
  /** Null for a new one. */
  route: ResourceFields | null;
  models: Map<string, Target>;
}

export function RouteEditor({ route, models }: RouteEditorProps) {
  const mayChange = useRights().change_routes;
  const [, go] = useLocation();
  const editing = useDraft(route);
  const { draft } = editing;
  const review = useReview();
  const trial = useTrial();
  const setDraft = (next: Draft) => {
    if (review.isError) review.reset();
    if (trial.isError) trial.reset();
    editing.setDraft(next);
  };
  return (
    <EditorPane
      name={route?.name ?? "New route"}
      list={{ href: "/routes", name: "All routes" }}
      actions={route && mayChange && <RouteMenu name={route.name} />}
    >
      <MistakeContext value={mistakeOf(review.error) ?? mistakeOf(trial.error)}>
        <div className={styles.columns}>
          <EditorForm
            error={review.error}
            className={styles.form}
            onSubmit={() => {
              if (editing.isChanged) review.mutate(resourceOf(draft));
            }}
          >
            <fieldset className={styles.fields} disabled={!mayChange}>
              <legend className="unseen">The route</legend>
              <Basics draft={draft} isNew={route === null} onDraft={setDraft} />
              <Targets draft={draft} models={models} onDraft={setDraft} />
              <Fallbacks draft={draft} models={models} onDraft={setDraft} />
            </fieldset>
            <fieldset className={styles.fields} disabled={!mayChange}>
              <legend className="unseen">Further behaviour</legend>
              <Policies draft={draft} models={models} onDraft={setDraft} />
            </fieldset>
            {mayChange && (
              <SaveBar
                noun="route"
                resource={resourceOf(draft)}
                isChanged={editing.isChanged}
                isOutdated={editing.isOutdated}
                review={review}
                onDiscard={() => editing.reset(editing.latest)}
                onSaved={({ name, after }) => {
                  editing.reset(route === null ? null : (after as ResourceFields));
                  if (route === null) go(`/routes/${encodeURIComponent(name)}`);
                }}
              />
            )}
          </EditorForm>
          <aside className={styles.aside}>
            <TryIt draft={draft} models={models} trial={trial} />
            {route && <Replay resource={resourceOf(draft)} route={route.name} />}
          </aside>
        </div>
      </MistakeContext>
      {route && <Versions of={{ kind: "Route", name: route.name }} mayRestore={mayChange} />}
    </EditorPane>
  );
}

function Basics({ draft, isNew, onDraft }: { draft: Draft; isNew: boolean; onDraft: (draft: Draft) => void }) {
  return (
    <div className={styles.basics}>
      {isNew && (
        <TextField
          label="Name"
          at="name"
          hint="What applications send as model: small letters, digits, dots and dashes."
          required
          spellCheck={false}
          value={draft.name}
          onValue={(name) => onDraft({ ...draft, name })}
        />
      )}
      <TextField
        label="Description"
        at="description"
        value={draft.description}
        onValue={(description) => onDraft({ ...draft, description })}
      />
      <SelectField
        label="Strategy"
        at="strategy"
        hint={STRATEGIES[draft.strategy].meaning}
        value={draft.strategy}
        onValue={(strategy) => onDraft({ ...draft, strategy: strategy as Strategy })}
      >
        {Object.entries(STRATEGIES).map(([strategy, { name }]) => (
          <option key={strategy} value={strategy}>
            {name}
          </option>
        ))}
      </SelectField>
      <CheckField
        label="Sticky"
        at="sticky"
        hint="One user keeps being sent to the same target while it can be asked."
        checked={draft.sticky}
        onCheck={(sticky) => onDraft({ ...draft, sticky })}
      />
    </div>
  );
}

function RouteMenu({ name }: { name: string }) {
  return (
    <RemoveMenu noun="route" name={name} remove={useRemove("Route")} href="/routes">
      Applications that ask for “{name}” will be refused. Its models stay.
    </RemoveMenu>
  );
}
