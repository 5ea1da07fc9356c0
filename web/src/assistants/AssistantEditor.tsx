/** One assistant: its fields, and below them what it answers as it is saved and as it stands here. */
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import type { ResourceFields } from "../api/types";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { Menu, MenuItem } from "../kit/Menu";
import { MistakeContext } from "../routes/Field";
import { mistakeOf } from "../routes/mistakes";
import { useDraftOf } from "../routes/useDraft";
import bar from "../routes/SaveBar.module.css";
import { useRights, useSession } from "../session/queries";
import { AssistantFields } from "./AssistantFields";
import { TryBeside } from "./TryBeside";
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
  const [, go] = useLocation();
  const form = useRef<HTMLFormElement>(null);
  const mistake = mistakeOf(save.error ?? check.error, "assistant");
  useEffect(() => {
    // The first field that was refused, into view and under the hand.
    if (save.error ?? check.error) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [save.error, check.error]);

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
  const onUndo = () => {
    save.reset();
    check.reset();
    editing.reset(editing.latest);
  };

  return (
    <section className={styles.pane} aria-label={assistant?.name ?? "New assistant"}>
      <Link href="/assistants" className={styles.back}>
        All assistants
      </Link>
      <header className={styles.head}>
        <h1>{assistant ? draft.title || assistant.name : "New assistant"}</h1>
        {assistant && mayChange && <AssistantMenu name={assistant.name} />}
      </header>
      <MistakeContext value={mistake}>
        <form
          ref={form}
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
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
        </form>
      </MistakeContext>
      {mayChange && <TryBeside saved={assistant} draft={draft} isChanged={isChanged} check={check} />}
    </section>
  );
}

function AssistantMenu({ name }: { name: string }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const remove = useRemove();
  return (
    <>
      <Menu label={`Actions for ${name}`}>
        <MenuItem icon="remove" danger onSelect={() => setAsking(true)}>
          Remove
        </MenuItem>
      </Menu>
      {asking && (
        <Confirm
          title="Remove this assistant?"
          action="Remove"
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(name, { onSuccess: () => go("/assistants") })}
          onClose={() => {
            setAsking(false);
            remove.reset();
          }}
        >
          <p>Nobody can ask “{name}” any more. Its collections, and the conversations with it, stay.</p>
        </Confirm>
      )}
    </>
  );
}
