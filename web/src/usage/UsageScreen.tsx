/** What was used and what it cost: by day, and by model, project or user. */
import { useState } from "react";
import type { UsageReport } from "../api/types";
import { formatCount, formatDay } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { Choice } from "./Choice";
import { DayChart } from "./DayChart";
import { METRICS, NOTHING, everyDay } from "./metrics";
import { Tabs } from "./Tabs";
import { UsageTable } from "./UsageTable";
import { type Group, useUsage } from "./queries";
import styles from "./UsageScreen.module.css";

const RANGES = [
  { id: "7", name: "7 days" },
  { id: "30", name: "30 days" },
  { id: "90", name: "90 days" },
];

const GROUPS: { id: Group; name: string }[] = [
  { id: "model", name: "Model" },
  { id: "project", name: "Project" },
  { id: "user", name: "User" },
];

/** What is said of requests that have no such thing. */
const NONE: Record<Group, string> = { model: "none answered", project: "no project", user: "keys of applications" };

export default function UsageScreen() {
  const [range, setRange] = useState("30");
  const days = Number(range);
  const byDay = useUsage(days, "day");
  const [group, setGroup] = useState<Group>("model");
  const byGroup = useUsage(days, group);
  const failed = [byDay, byGroup].filter((query) => query.isError);

  return (
    <div className={styles.screen}>
      <div className={styles.page}>
        <header className={styles.head}>
          <h1>Usage</h1>
          <Choice label="Time" choices={RANGES} chosen={range} onChoose={setRange} />
        </header>
        <Tabs />
        {failed[0] && (
          <Failure error={failed[0].error} onRetry={() => void Promise.all(failed.map((query) => query.refetch()))} />
        )}
        {failed.length === 0 && (!byDay.data || !byGroup.data) && <Loading label="Loading usage" rows={9} />}
        {byDay.data && byGroup.data && (
          <Report days={days} byDay={byDay.data} byGroup={byGroup.data} group={group} onGroup={setGroup} />
        )}
      </div>
    </div>
  );
}

interface ReportProps {
  days: number;
  byDay: UsageReport;
  byGroup: UsageReport;
  group: Group;
  onGroup: (group: Group) => void;
}

function Report({ days, byDay, byGroup, group, onGroup }: ReportProps) {
  const [metricId, setMetricId] = useState<string>(METRICS[0].id);
  const metric = METRICS.find((each) => each.id === metricId) ?? METRICS[0];
  const { total } = byDay;
  if (total.requests === 0) {
    return <Empty title="Nothing was asked in this time">Usage appears here a moment after the first answer.</Empty>;
  }
  const today = new Date().toISOString().slice(0, 10);
  return (
    <>
      <dl className={styles.totals}>
        {METRICS.map((each) => (
          <div key={each.id}>
            <dt>{each.name}</dt>
            <dd>{each.text(total)}</dd>
          </div>
        ))}
        <div>
          <dt>Errors</dt>
          <dd>{formatCount(total.errors)}</dd>
        </div>
        {total.refused > 0 && (
          <div>
            <dt title="Before a model was asked; not among the requests">Refused</dt>
            <dd>{formatCount(total.refused)}</dd>
          </div>
        )}
      </dl>
      <section className={styles.section} aria-labelledby="by-day">
        <div className={styles.head}>
          <h2 id="by-day">By day</h2>
          <Choice label="Shown in the chart" choices={METRICS} chosen={metric.id} onChoose={setMetricId} />
        </div>
        <DayChart days={everyDay(byDay.data, days, today, NOTHING)} metric={metric} />
        <details>
          <summary>The days as a table</summary>
          <UsageTable
            caption="Usage by day"
            first="Day"
            nameOf={(bucket) => (bucket ? formatDay(bucket) : "–")}
            buckets={byDay.data.toReversed()}
          />
        </details>
      </section>
      <section className={styles.section} aria-labelledby="by-group">
        <div className={styles.head}>
          <h2 id="by-group">By {group}</h2>
          <Choice
            label="Put together by"
            choices={GROUPS}
            chosen={group}
            onChoose={(id) => onGroup(GROUPS.find((each) => each.id === id)?.id ?? "model")}
          />
        </div>
        <UsageTable
          caption={`Usage by ${group}`}
          first={GROUPS.find((each) => each.id === group)?.name ?? ""}
          nameOf={(bucket) => bucket || NONE[group]}
          buckets={byGroup.data}
        />
      </section>
      {total.unknown_cost_requests > 0 && (
        <p className={styles.note}>
          The price of {formatCount(total.unknown_cost_requests)} requests is not known. What is known is added up; the rest is
          not taken for free.
        </p>
      )}
    </>
  );
}
