import type { ReactNode } from "react";
import { Link } from "wouter";
import type { Target } from "../api/types";
import { formatAgo, formatCount, plural } from "../kit/format";
import { HealthMark } from "../targets/HealthMark";
import { UNKNOWN, formatMs } from "../targets/figures";
import { ERROR_CLASSES } from "../targets/health";
import styles from "./ModelDetail.module.css";

export function ModelDetail({ target, routes, now }: { target: Target; routes: string[]; now: number }) {
  const { description, upstream_name, built_in, figures } = target;
  const error = figures?.last_error;
  return (
    <div className={styles.detail}>
      {description && <p className={styles.description}>{description}</p>}
      <dl className={styles.facts}>
        <Fact name="Name at the provider">
          <code>{upstream_name}</code>
        </Fact>
        <Fact name="First token, p50 / p95">
          {formatMs(figures?.first_token_p50_ms)} / {formatMs(figures?.first_token_p95_ms)}
        </Fact>
        <Fact name="Whole answer, p99">{formatMs(figures?.latency_p99_ms)}</Fact>
        <Fact name="Tokens a second">{figures ? formatCount(Math.round(figures.tokens_per_s)) : UNKNOWN}</Fact>
        <Fact name="Under way, waiting">{figures ? `${figures.in_flight}, ${figures.waiting}` : UNKNOWN}</Fact>
        <Fact name="Refused as the caller’s fault">{figures ? formatCount(figures.refused) : UNKNOWN}</Fact>
        <Fact name="Last error">{error ? `${ERROR_CLASSES[error.error_class]}, ${formatAgo(error.at, now)}` : "none"}</Fact>
        <Fact name="Routes">
          {routes.length === 0 && (built_in ? "none" : "none; called by its own name")}
          {routes.map((name, i) => (
            <span key={name}>
              {i > 0 && ", "}
              <Link href={`/routes/${encodeURIComponent(name)}`}>{name}</Link>
            </span>
          ))}
        </Fact>
      </dl>
      {figures && figures.workers.length > 0 && (
        <ul className={styles.workers} aria-label="As each gateway sees it">
          {figures.workers.map((each) => (
            <li key={`${each.gateway} ${each.worker}`}>
              <span className={styles.worker}>
                {each.gateway}, worker {each.worker}
              </span>
              <HealthMark health={each.health} words />
              <span>{plural(each.requests, "request")}</span>
              <span>{each.in_flight} under way</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
