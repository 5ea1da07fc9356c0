import { Link } from "wouter";
import type { UsageRequest } from "../api/types";
import { Table } from "../kit/Table";
import { formatAgo, formatDateTime } from "../kit/format";
import { formatMs } from "../targets/figures";
import { costOf, outcomeOf, stateOf, tokensOf } from "./words";
import styles from "./RequestList.module.css";

export function RequestList({ requests, now }: { requests: UsageRequest[]; now: number }) {
  return (
    <Table caption="Requests" columns={["When", "Asked", "Outcome", "Time", "Tokens", "Cost", "Team"]}>
      {requests.map((each) => (
        <tr key={each.id}>
          <td data-label="When" title={formatDateTime(each.at)}>
            {formatAgo(each.at, now)}
          </td>
          <th scope="row">
            <Link href={`/requests/${encodeURIComponent(each.id)}`} className={styles.asked}>
              {each.requested || each.operation}
            </Link>
            {each.model && each.model !== each.requested && <span className={styles.model}>{each.model}</span>}
            {each.cache === "hit" && <span className={styles.model}>out of the cache</span>}
          </th>
          <td data-label="Outcome">
            <span className={styles.outcome} data-state={stateOf(each)}>
              {outcomeOf(each)}
            </span>
          </td>
          <td data-label="Time">{formatMs(each.latency_ms)}</td>
          <td data-label="Tokens">{tokensOf(each)}</td>
          <td data-label="Cost">{each.refused ? "–" : costOf(each)}</td>
          <td data-label="Team">{each.team}</td>
        </tr>
      ))}
    </Table>
  );
}
