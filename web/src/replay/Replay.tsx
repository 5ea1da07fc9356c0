/** What a route or a guardrail as it stands in its editor would have changed for the requests there were. */
import { useState } from "react";
import { Link } from "wouter";
import type { Replay as Told } from "../api/types";
import { Button } from "../kit/Button";
import { formatUsd } from "../kit/format";
import { Failure } from "../kit/states";
import { Field } from "../kit/Field";
import type { Resource } from "../routes/queries";
import { useRights } from "../session/queries";
import { type Rehearsal, useReplay } from "./queries";
import { arrow, changes, cost, count, isQuiet, limits } from "./told";
import styles from "./Replay.module.css";

const SPANS: Record<string, string> = { "1": "the last day", "7": "the last seven days", "30": "the last thirty days" };

interface ReplayProps {
  resource: Resource;
  /** Only requests of this route. */
  route?: string;
}

export function Replay({ resource, route }: ReplayProps) {
  const [days, setDays] = useState("7");
  const replay = useReplay();
  const wanted: Rehearsal = { resource, days: Number(days), route: route ?? null };
  const isOld = JSON.stringify(replay.variables) !== JSON.stringify(wanted);
  if (!useRights().run_replays) return null;
  return (
    <section className={styles.panel} aria-labelledby="replay">
      <h2 id="replay">What it would have changed</h2>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          replay.mutate(wanted);
        }}
      >
        <Field label="Requests of" at="replayed" hint="Nothing is sent to a provider, and nothing is saved.">
          {(control) => (
            <select {...control} value={days} onChange={(event) => setDays(event.target.value)}>
              {Object.entries(SPANS).map(([each, words]) => (
                <option key={each} value={each}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Button type="submit" disabled={replay.isPending}>
          {replay.isPending ? "Going through them" : "Replay"}
        </Button>
      </form>
      <div aria-live="polite" className={styles.told}>
        {replay.isError && !isOld && <Failure error={replay.error} />}
        {replay.data && !isOld && <Outcome found={replay.data} />}
      </div>
    </section>
  );
}

function Outcome({ found }: { found: Told }) {
  if (isQuiet(found)) return <p className={styles.note}>There were no requests in this time.</p>;
  const told = changes(found);
  return (
    <>
      <ul className={styles.changes} aria-label="Changes to requests">
        {told.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
        {told.length === 0 && <li>Nothing would have been different.</li>}
      </ul>
      <Rows name="Model" rows={found.models.filter((each) => each.name !== null)} />
      <Rows name="Team" rows={found.teams} />
      {found.examples.length > 0 && (
        <ul className={styles.examples} aria-label="Requests that would change most">
          {found.examples.map((each) => (
            <li key={each.id}>
              <Link href={`/requests/${encodeURIComponent(each.id)}`}>{each.requested}</Link>{" "}
              {each.refused
                ? `refused: ${each.refused}`
                : arrow(each.before ?? "nobody", Object.keys(each.after).join(", ") || "the cache")}
              {each.before_nano_usd !== null &&
                each.after_nano_usd !== null &&
                `, ${arrow(formatUsd(each.before_nano_usd), formatUsd(each.after_nano_usd))}`}
            </li>
          ))}
        </ul>
      )}
      {limits(found).map((sentence) => (
        <p key={sentence} className={styles.note}>
          {sentence}
        </p>
      ))}
    </>
  );
}

function Rows({ name, rows }: { name: string; rows: Told["models"] }) {
  if (rows.length === 0) return null;
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label={`By ${name.toLowerCase()}`}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{name}</th>
            <th scope="col">Requests</th>
            <th scope="col">Refused</th>
            <th scope="col">Cost</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name: each, before, after }) => (
            <tr key={each}>
              <th scope="row">{each}</th>
              <td>{arrow(count(before.requests), count(after.requests))}</td>
              <td>{arrow(count(before.refused), count(after.refused))}</td>
              <td>{arrow(cost(before), cost(after))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
