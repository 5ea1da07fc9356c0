/** Where a request, or the newest of those that are listed, goes: into a dataset that there is, or a new one. */
import { useEffect, useId, useRef, useState } from "react";
import { Link } from "wouter";
import { messageOf } from "../api/errors";
import type { UsageRequest } from "../api/types";
import { Button } from "../kit/Button";
import dialogs from "../kit/Confirm.module.css";
import { useSession } from "../session/queries";
import styles from "./Datasets.module.css";
import { useAdd, useDatasets } from "./queries";
import { toldOf } from "./words";

type AddProps = { onClose: () => void } & (
  { request: UsageRequest; gather?: never } | { request?: never; gather: (most: number, team: string) => Promise<string[]> }
);

const COUNTS = [50, 200, 1000];

export function AddToDataset({ request, gather, onClose }: AddProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const id = useId();
  const [name, setName] = useState("");
  const [most, setMost] = useState(COUNTS[0] ?? 50);
  const [gathering, setGathering] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { data: session } = useSession();
  const datasets = useDatasets();
  const add = useAdd();
  const team = request?.team ?? session?.user.team ?? "";
  const known = (datasets.data?.data ?? []).filter((each) => each.may.includes("add") && (!request || each.team === team));
  const chosen = known.find((each) => each.name === name);
  const busy = gathering || add.isPending;

  const put = async () => {
    setFailed(null);
    setGathering(true);
    try {
      const requests = request ? [request.id] : await gather(most, chosen?.team ?? team);
      await add.mutateAsync({ name, make: !chosen, requests });
    } catch (error) {
      setFailed(error);
    } finally {
      setGathering(false);
    }
  };

  return (
    <dialog ref={dialog} className={dialogs.dialog} aria-labelledby={`${id}-title`} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void put();
        }}
      >
        <h2 id={`${id}-title`}>Add to a dataset</h2>
        {add.isSuccess ? (
          <p role="status">
            {toldOf(add.data)} <Link href={`/datasets/${encodeURIComponent(name)}`}>Open {name}</Link>
          </p>
        ) : (
          <>
            <p className={styles.hint}>
              {request
                ? "A copy of what was asked and answered goes in. It is erased with the original, and ends when it does."
                : "Copies of the newest chats in this list go in. They are erased with the originals, and end when they do."}{" "}
              That it is read is recorded.
            </p>
            <label htmlFor={`${id}-name`}>Dataset</label>
            <input
              id={`${id}-name`}
              list={`${id}-known`}
              required
              autoComplete="off"
              value={name}
              aria-describedby={`${id}-hint`}
              onChange={(event) => setName(event.target.value.toLowerCase().replace(/[^a-z0-9._-]/g, "-"))}
            />
            <datalist id={`${id}-known`}>
              {known.map((each) => (
                <option key={each.name} value={each.name} />
              ))}
            </datalist>
            <p id={`${id}-hint`} className={styles.hint}>
              {chosen ? `${chosen.items} in it, of the team ${chosen.team}` : name ? `A new one, of the team ${team}` : " "}
            </p>
            {!request && (
              <>
                <label htmlFor={`${id}-most`}>How many at most</label>
                <select id={`${id}-most`} value={most} onChange={(event) => setMost(Number(event.target.value))}>
                  {COUNTS.map((count) => (
                    <option key={count} value={count}>
                      {count}
                    </option>
                  ))}
                </select>
              </>
            )}
          </>
        )}
        {failed !== null && (
          <p role="alert" className={dialogs.error}>
            {messageOf(failed)}
          </p>
        )}
        <div className={dialogs.actions}>
          <Button onClick={() => dialog.current?.close()}>{add.isSuccess ? "Close" : "Cancel"}</Button>
          {!add.isSuccess && (
            <Button look="main" type="submit" disabled={busy || !name}>
              {busy ? "Adding" : "Add"}
            </Button>
          )}
        </div>
      </form>
    </dialog>
  );
}
