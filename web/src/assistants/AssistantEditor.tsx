/** One assistant: its fields, and below them what it answers as it is saved and as it stands here. */
import { useRef, useState } from "react";
import { useLocation } from "wouter";
import type { ResourceFields } from "../api/types";
import { Button } from "../kit/Button";
import { EditorForm } from "../kit/EditorForm";
import { EditorPane, RemoveMenu } from "../kit/EditorPane";
import { MistakeContext } from "../kit/Field";
import { mistakeOf } from "../kit/mistakes";
import { useDraftOf } from "../routes/useDraft";
import bar from "../routes/SaveBar.module.css";
import { useRights, useSession } from "../session/queries";
import { Versions } from "../versions/Versions";
import { AssistantFields } from "./AssistantFields";
import { type Beside, SAVED, TryBeside } from "./TryBeside";
import { type Draft, resourceOf, shapeFor } from "./draft";
import { useApply, useRemove } from "./queries";
import styles from "./AssistantEditor.module.css";

export function AssistantEditor({ assistant }: { assistant: ResourceFields | null }) {
  const { change_assistants: mayChange, change_routes: mayChangeAll } = useRights();
  const team = useSession().data?.user.team ?? "";
  const editing = useDraftOf(shapeFor(mayChangeAll ? "" : team), assistant);
  const { draft, isChanged, isOutdated } = editing;
  const [save, check] = [useApply(false), useApply(true)];
  const [saved, setSaved] = useState(false);
  const [beside, setBeside] = useState(SAVED);
  const question = useRef<HTMLTextAreaElement>(null);
  const [, go] = useLocation();
  const mistake = mistakeOf(save.error ?? check.error, "assistant");

  const setDraft = (next: Draft) => {
    for (const each of [save, check]) if (each.isError) each.reset();
    setSaved(false);
    editing.setDraft(next);
  };
  const onSave = () =>
    save.mutate(resourceOf(draft), {
      onSuccess: ({ name, after }) => {
        setSaved(true);
        editing.reset(assistant === null ? null : (after as ResourceFields));
        if (assistant === null) go(`/assistants/${encodeURIComponent(name)}`);
      },
    });
  const tryBeside = ({ version }: { version: Beside }) => {
    setBeside(version);
    question.current?.focus();
  };
  const onUndo = () => {
    save.reset();
    check.reset();
    editing.reset(editing.latest);
  };

  return (
    <EditorPane
      name={assistant?.name ?? "New assistant"}
      title={assistant ? draft.title || assistant.name : "New assistant"}
      list={{ href: "/assistants", name: "All assistants" }}
      className={styles.pane}
      actions={assistant && mayChange && <AssistantMenu name={assistant.name} />}
    >
      <MistakeContext value={mistake}>
        <EditorForm
          error={save.error ?? check.error}
          className={styles.form}
          onSubmit={() => {
            if (isChanged && !save.isPending) onSave();
          }}
        >
          <fieldset className={styles.fields} disabled={!mayChange}>
            <legend className="unseen">The assistant</legend>
            <AssistantFields draft={draft} isNew={assistant === null} onDraft={setDraft} />
          </fieldset>
          {mayChange && (isChanged || mistake !== null || saved) && (
            <div className={bar.bar}>
              <p role="status" className={bar.text}>
                {isChanged &&
                  (isOutdated
                    ? "This assistant was changed elsewhere meanwhile. Saving puts your version in its place."
                    : "Not saved yet")}
                {!isChanged && saved && "Saved. Gateways serve it within two seconds."}
              </p>
              {mistake && (
                <p role="alert" className={bar.mistake}>
                  {mistake.message}
                </p>
              )}
              {isChanged && (
                <span className={bar.actions}>
                  <Button onClick={onUndo}>Undo</Button>
                  <Button type="submit" look="main" disabled={save.isPending}>
                    {assistant ? "Save" : "Make it"}
                  </Button>
                </span>
              )}
            </div>
          )}
        </EditorForm>
      </MistakeContext>
      {mayChange && (
        <TryBeside
          saved={assistant}
          draft={draft}
          isChanged={isChanged}
          beside={beside}
          onBeside={setBeside}
          input={question}
          check={check}
        />
      )}
      {assistant && (
        <Versions
          of={{ kind: "Assistant", name: assistant.name }}
          mayRestore={mayChange}
          restoring={
            isChanged
              ? "What you changed above and did not save stays there; saving it puts it in the place of this version."
              : undefined
          }
          onTry={mayChange ? tryBeside : undefined}
        />
      )}
    </EditorPane>
  );
}

function AssistantMenu({ name }: { name: string }) {
  return (
    <RemoveMenu noun="assistant" name={name} remove={useRemove()} href="/assistants">
      Nobody can ask “{name}” any more. Its collections, and the conversations with it, stay.
    </RemoveMenu>
  );
}
