import type { UsageBucket } from "../api/types";
import { formatCount } from "../kit/format";
import { METRICS } from "./metrics";
import styles from "./UsageTable.module.css";

interface UsageTableProps {
  caption: string;
  /** What the rows are. */
  first: string;
  nameOf: (bucket: string | null) => string;
  buckets: UsageBucket[];
}

export function UsageTable({ caption, first, nameOf, buckets }: UsageTableProps) {
  return (
    <div className={styles.scroll} role="region" aria-label={caption} tabIndex={0}>
      <table className={styles.table}>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{first}</th>
            {METRICS.map((metric) => (
              <th key={metric.id} scope="col">
                {metric.name}
              </th>
            ))}
            <th scope="col">Errors</th>
          </tr>
        </thead>
        <tbody>
          {buckets.map((bucket) => (
            <tr key={bucket.bucket}>
              <th scope="row">{nameOf(bucket.bucket)}</th>
              {METRICS.map((metric) => (
                <td key={metric.id}>{metric.text(bucket)}</td>
              ))}
              <td>{formatCount(bucket.errors)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
