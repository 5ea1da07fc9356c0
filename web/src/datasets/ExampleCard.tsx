/** One example: what was asked, the answer as it was given, and the one to be wished for. */
import { type SubmitEvent, useId, useState } from "react";
import { Link } from "wouter";
import { messageOf } from "../api/errors";
import type { Example } from "../api/types";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { formatDateTime } from "../kit/format";
import styles from "./Datasets.module.css";
import { useExpect, useRemove } from "./queries";
import { isText, nameOf, textIn, textOf } from "./words";

interface ExampleProps {
  dataset: string;
  example: Example;
  editable: boolean;
}

export function ExampleCard({ dataset, example, editable }: ExampleProps) {
  const id = useId();
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const { messages, answer, expected, notes, state } = example;
  return (
    <li className={styles.example} aria-labelledby={`${id}-name`}>
      <h2 id={`${id}-name`} className={messages ? styles.asked : styles.unreadable}>
        {nameOf(example)}
      </h2>
      {messages && messages.length > 1 && (
        <details className={styles.said}>
          <summary>All {messages.length} messages</summary>
          {messages.map((message, i) => (
            <Said key={i} name={String(message["role"])} text={textOf(message)} />
          ))}
        </details>
      )}
      {answer && <Said name="Given" text={textOf(answer)} />}
      {editing ? (
        <Editor dataset={dataset} example={example} onClose={() => setEditing(false)} />
      ) : (
        <>
          {expected && <Said name="Expected" text={textOf(expected)} look="expected" />}
          {notes && <p className={styles.notes}>{notes}</p>}
        </>
      )}
      <Origin example={example} />
      {editable && !editing && (
        <div className={styles.actions}>
          {state === "readable" && isText(expected) && (
            <Button icon="edit" onClick={() => setEditing(true)}>
              {expected ? "Change the expected answer" : "Say what is expected"}
            </Button>
          )}
          <Button icon="remove" onClick={() => setRemoving(true)}>
            Remove
          </Button>
        </div>
      )}
      {removing && <Removal dataset={dataset} id={example.id} onClose={() => setRemoving(false)} />}
    </li>
  );
}

function Said({ name, text, look }: { name: string; text: string; look?: "expected" }) {
  return (
    <div className={styles.turn} data-look={look}>
      <span>{name}</span>
      <pre tabIndex={0} role="group" aria-label={name}>
        {text}
      </pre>
    </div>
  );
}

function Origin({ example: { id, origin, expires_at, state } }: { example: Example }) {
  const from = origin.request ? (
    <>
      From <Link href={`/requests/${encodeURIComponent(origin.request)}`}>a request</Link>
      {origin.model && ` that ${origin.model} answered`}
      {origin.asked_at && `, ${formatDateTime(origin.asked_at)}`}
      {origin.snapshot !== null && `, snapshot ${origin.snapshot}`}
      {origin.masked && ", masked by guardrails"}
    </>
  ) : origin.source === "import" ? (
    "From a file"
  ) : (
    "Given as it is"
  );
  return (
    <p className={styles.hint}>
      {from}
      {expires_at && state === "readable" && `. Kept until ${formatDateTime(expires_at)}`}. <code>{id}</code>
    </p>
  );
}

function Editor({ dataset, example, onClose }: { dataset: string; example: Example; onClose: () => void }) {
  const id = useId();
  const expect = useExpect(dataset, example.id);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget);
    const expected = textIn(said, "expected");
    const body = { expected: expected.trim() ? expected : null, notes: textIn(said, "notes"), since: example.since };
    expect.mutate(body, { onSuccess: onClose });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label htmlFor={`${id}-expected`}>Expected answer</label>
      <textarea
        id={`${id}-expected`}
        name="expected"
        rows={5}
        autoFocus
        defaultValue={textOf(example.expected) || textOf(example.answer)}
      />
      <label htmlFor={`${id}-notes`}>Notes for people</label>
      <input id={`${id}-notes`} name="notes" defaultValue={example.notes ?? ""} maxLength={10_000} />
      {expect.isError && (
        <p role="alert" className={styles.error}>
          {messageOf(expect.error)}
        </p>
      )}
      <div className={styles.actions}>
        <Button look="main" type="submit" disabled={expect.isPending}>
          Save
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}

function Removal({ dataset, id, onClose }: { dataset: string; id: string; onClose: () => void }) {
  const remove = useRemove(dataset);
  const [erase, setErase] = useState(false);
  return (
    <Confirm
      title="Remove this example?"
      action="Remove"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate({ ids: [id], erase }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>Earlier versions keep it.</p>
      <label className={styles.erase}>
        <input type="checkbox" checked={erase} onChange={(event) => setErase(event.target.checked)} />
        Erase it there too, for good
      </label>
    </Confirm>
  );
}
