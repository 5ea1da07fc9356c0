/** How the models of one provider are doing. */
import type { Target } from "../api/types";
import { formatAgo, formatCount } from "../kit/format";
import { HealthMark } from "../targets/HealthMark";
import { UNKNOWN, formatMs, formatRate, isAlarming, windowMinutes } from "../targets/figures";
import { ERROR_CLASSES } from "../targets/health";
import styles from "./TargetTable.module.css";

export function TargetTable({ provider, targets, now }: { provider: string; targets: Target[]; now: number }) {
  return (
    <div className={styles.scroll} role="region" aria-label={`Models of ${provider}`} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">State</th>
            <th scope="col">p50</th>
            <th scope="col">p95</th>
            <th scope="col">First token</th>
            <th scope="col">Errors</th>
            <th scope="col">Requests, {windowMinutes(targets)} min</th>
            <th scope="col">Under way</th>
            <th scope="col">Last error</th>
          </tr>
        </thead>
        <tbody>
          {targets.map(({ model, health, usable_in_s, figures }) => (
            <tr key={model}>
              <th scope="row">{model}</th>
              <td>
                <HealthMark health={health} usableInS={usable_in_s} words />
              </td>
              <td>{formatMs(figures?.latency_p50_ms)}</td>
              <td>{formatMs(figures?.latency_p95_ms)}</td>
              <td>{formatMs(figures?.first_token_p50_ms)}</td>
              <td className={isAlarming(figures?.error_rate) ? styles.alarming : undefined}>{formatRate(figures?.error_rate)}</td>
              <td>{figures ? formatCount(figures.requests) : UNKNOWN}</td>
              <td>{figures ? formatCount(figures.in_flight) : UNKNOWN}</td>
              <td>
                {figures?.last_error
                  ? `${ERROR_CLASSES[figures.last_error.error_class]}, ${formatAgo(figures.last_error.at, now)}`
                  : UNKNOWN}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
