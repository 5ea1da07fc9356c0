/** Where a request, or the newest of those that are listed, goes: into a dataset that there is, or a new one. */
import { useId, useState } from "react";
import { Link } from "wouter";
import type { UsageRequest } from "../api/types";
import { Button } from "../kit/Button";
import { Dialog } from "../kit/Dialog";
import { useSession } from "../session/queries";
import styles from "./Datasets.module.css";
import { useAdd, useDatasets } from "./queries";
import { toldOf } from "./words";

type AddProps = { onClose: () => void } & (
  { request: UsageRequest; gather?: never } | { request?: never; gather: (most: number, team: string) => Promise<string[]> }
);

const COUNTS = [50, 200, 1000];

export function AddToDataset({ request, gather, onClose }: AddProps) {
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
    <Dialog
      title="Add to a dataset"
      back={add.isSuccess ? "Close" : "Cancel"}
      action={
        !add.isSuccess && (
          <Button look="main" type="submit" form={`${id}-form`} disabled={busy || !name}>
            {busy ? "Adding" : "Add"}
          </Button>
        )
      }
      error={failed}
      onClose={onClose}
    >
      <form
        id={`${id}-form`}
        className={`${styles.form} ${styles.adding}`}
        onSubmit={(event) => {
          event.preventDefault();
          void put();
        }}
      >
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
      </form>
    </Dialog>
  );
}
