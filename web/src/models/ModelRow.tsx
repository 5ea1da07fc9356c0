/** One model in the table, and everything else that is known of it below, when it is opened. */
import { useId, useState } from "react";
import type { Target } from "../api/types";
import { Icon } from "../kit/Icon";
import { formatCompact, formatCount } from "../kit/format";
import { HealthMark } from "../targets/HealthMark";
import { UNKNOWN, formatMs, formatRate, isAlarming, priceText } from "../targets/figures";
import { isTroubled, troubleText } from "../targets/health";
import { ModelDetail } from "./ModelDetail";
import styles from "./Models.module.css";

const COLUMNS = 8;

export function ModelRow({ target, routes, now }: { target: Target; routes: string[]; now: number }) {
  const [open, setOpen] = useState(false);
  const detail = useId();
  const { model, provider, operation, price, context_tokens, health, usable_in_s, figures } = target;
  return (
    <>
      <tr className={open ? styles.open : undefined}>
        <th scope="row">
          <button
            type="button"
            className={styles.name}
            aria-expanded={open}
            aria-controls={open ? detail : undefined}
            onClick={() => setOpen(!open)}
          >
            <HealthMark health={health} usableInS={usable_in_s} />
            <span className={styles.model}>{model}</span>
            <Icon name="down" size={14} />
          </button>
          <span className={styles.provider}>
            {provider}
            {isTroubled(health) && (
              <span className={styles.trouble} data-health={health}>
                {troubleText(target)}
              </span>
            )}
          </span>
        </th>
        <td data-label="Kind">{operation}</td>
        <td data-label="Price" className={price === null ? styles.faint : undefined}>
          {priceText(price)}
        </td>
        <td data-label="Context">{context_tokens === null ? UNKNOWN : formatCompact(context_tokens)}</td>
        <td data-label="p50">{formatMs(figures?.latency_p50_ms)}</td>
        <td data-label="p95">{formatMs(figures?.latency_p95_ms)}</td>
        <td data-label="Errors" className={isAlarming(figures?.error_rate) ? styles.alarming : undefined}>
          {formatRate(figures?.error_rate)}
        </td>
        <td data-label="Requests">{figures ? formatCount(figures.requests) : UNKNOWN}</td>
      </tr>
      {open && (
        <tr className={styles.below} id={detail}>
          <td colSpan={COLUMNS}>
            <ModelDetail target={target} routes={routes} now={now} />
          </td>
        </tr>
      )}
    </>
  );
}
