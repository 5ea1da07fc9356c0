/** The two ways to another version: forward to one that was built, back to one that was kept. What each costs is said before. */
import { useState } from "react";
import type { Index } from "../api/types";
import { Button } from "../kit/Button";
import { Confirm } from "../kit/Confirm";
import { plural } from "../kit/format";
import { useRollBack, useSwitch } from "./queries";
import { isWorse } from "./words";
import styles from "./Indexes.module.css";

interface SwitchToProps {
  collection: string;
  index: Index;
  serving: Index;
  kept: Index | undefined;
  disabled: boolean;
}

export function SwitchTo({ collection, index, serving, kept, disabled }: SwitchToProps) {
  const { version, report } = index;
  const [asking, setAsking] = useState(false);
  const [unlessWorse, setUnlessWorse] = useState(false);
  const move = useSwitch(collection);
  return (
    <>
      <Button look="main" disabled={disabled} onClick={() => setAsking(true)}>
        Switch to it
      </Button>
      {asking && (
        <Confirm
          title={`Search version ${version} from now on?`}
          action="Switch"
          look="main"
          busy={move.isPending}
          error={move.error}
          onConfirm={() => move.mutate({ version, unlessWorse }, { onSuccess: () => setAsking(false) })}
          onClose={() => {
            setAsking(false);
            move.reset();
          }}
        >
          <p>
            All questions go to it, everywhere within two seconds, and answers cached from version {serving.version} are not given
            again. Version {serving.version} is kept, so that you can go back.
          </p>
          {kept && <p>Version {kept.version}, kept until now, is erased: there is no way back to it.</p>}
          {!report && <p>They were not compared yet.</p>}
          {report && isWorse(report) && (
            <p className={styles.worse}>The report says that it finds some of what was judged less well.</p>
          )}
          <label className={styles.check}>
            <input type="checkbox" checked={unlessWorse} onChange={(event) => setUnlessWorse(event.target.checked)} />
            Only if recall@10 and MRR are no lower
          </label>
        </Confirm>
      )}
    </>
  );
}

export function RollBack({ collection, index, serving }: { collection: string; index: Index; serving: Index }) {
  const { version, lacking } = index;
  const [asking, setAsking] = useState(false);
  const back = useRollBack(collection);
  return (
    <>
      <Button onClick={() => setAsking(true)}>Roll back to it</Button>
      {asking && (
        <Confirm
          title={`Go back to version ${version}?`}
          action="Roll back"
          busy={back.isPending}
          error={back.error}
          onConfirm={() => back.mutate(undefined, { onSuccess: () => setAsking(false) })}
          onClose={() => {
            setAsking(false);
            back.reset();
          }}
        >
          <p>
            All questions go to it again, everywhere within two seconds. Version {serving.version} is kept, so that you can return
            to it.
          </p>
          {lacking > 0 ? (
            <p>
              {plural(lacking, "document")} that came or changed since {lacking === 1 ? "is" : "are"} not found until{" "}
              {lacking === 1 ? "it has" : "they have"} been embedded for it, which begins at once.
            </p>
          ) : (
            <p>It holds all documents as they are now, so nothing has to be embedded.</p>
          )}
        </Confirm>
      )}
    </>
  );
}
