/** How much a collection is asked, how often it has no answer, and which documents answers cite. */
import { useState } from "react";
import { Link } from "wouter";
import type { Collection, CollectionUsage } from "../api/types";
import { Table } from "../kit/Table";
import { formatCompact, formatCount, plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { Choice } from "../usage/Choice";
import { DayChart } from "../usage/DayChart";
import { everyDay } from "../usage/metrics";
import { percent, useCollectionUsage } from "./evaluating";
import { documentHref } from "./places";
import styles from "./UsageView.module.css";

const RANGES = [
  { id: "7", name: "7 days" },
  { id: "30", name: "30 days" },
  { id: "90", name: "90 days" },
];

type Counts = Omit<CollectionUsage["days"][number], "day">;
const NOTHING: Counts = { questions: 0, passages: 0, cited: 0, unanswered: 0 };

const METRICS = [
  { id: "questions", name: "Questions", value: (day: Counts) => day.questions },
  { id: "unanswered", name: "Without an answer", value: (day: Counts) => day.unanswered },
  { id: "cited", name: "Passages cited", value: (day: Counts) => day.cited },
];

export function UsageView({ collection }: { collection: Collection }) {
  const [range, setRange] = useState("30");
  const days = Number(range);
  const usage = useCollectionUsage(collection.name, days);
  return (
    <div className={styles.view}>
      <div className={styles.head}>
        <p>Questions to assistants that answer from this collection.</p>
        <Choice label="Time" choices={RANGES} chosen={range} onChoose={setRange} />
      </div>
      {usage.isPending && <Loading label="Loading usage" rows={8} />}
      {usage.isError && <Failure error={usage.error} onRetry={() => void usage.refetch()} />}
      {usage.data && <Report days={days} usage={usage.data} collection={collection.name} />}
    </div>
  );
}

function Report({ days, usage, collection }: { days: number; usage: CollectionUsage; collection: string }) {
  const [chosen, setChosen] = useState("questions");
  const metric = METRICS.find((each) => each.id === chosen) ?? METRICS[0];
  if (usage.questions === 0 || !metric) {
    return <Empty title="Nothing was asked in this time">A question appears here a moment after its answer.</Empty>;
  }
  const { questions, passages, cited, unanswered, documents, hidden } = usage;
  const buckets = usage.days.map(({ day, ...counts }) => ({ bucket: day, ...counts }));
  const today = new Date().toISOString().slice(0, 10);
  return (
    <>
      <dl className={styles.totals}>
        <Total name="Questions" value={formatCount(questions)} />
        <Total name="Without an answer" value={`${formatCount(unanswered)} (${percent(unanswered / questions)})`} />
        <Total name="Passages given" value={formatCount(passages)} />
        <Total name="Passages cited" value={formatCount(cited)} />
      </dl>
      <section className={styles.section} aria-labelledby="collection-by-day">
        <div className={styles.head}>
          <h2 id="collection-by-day">By day</h2>
          <Choice label="Shown in the chart" choices={METRICS} chosen={metric.id} onChoose={setChosen} />
        </div>
        <DayChart
          days={everyDay(buckets, days, today, NOTHING)}
          metric={{ ...metric, axis: formatCompact, text: (day) => formatCount(metric.value(day)) }}
        />
      </section>
      <section className={styles.section} aria-labelledby="most-cited">
        <h2 id="most-cited">Cited most</h2>
        {documents.length === 0 && hidden === 0 && <Empty title="No answer cites a passage of it" />}
        {documents.length > 0 && (
          <Table caption="Documents that answers cite most" columns={["Document", "Answers", "Passages"]}>
            {documents.map((document) => (
              <tr key={document.id}>
                <th scope="row">
                  <Link href={documentHref(collection, document.id)} className={styles.document}>
                    {document.title || document.path}
                  </Link>
                </th>
                <td data-label="Answers">{formatCount(document.answers)}</td>
                <td data-label="Passages">{formatCount(document.passages)}</td>
              </tr>
            ))}
          </Table>
        )}
        {hidden > 0 && <p className={styles.note}>{plural(hidden, "more document")}: gone, or not yours to read.</p>}
      </section>
    </>
  );
}

function Total({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
