/** One request: what it was, why it went where it went, and where its time went. */
import { type ReactNode } from "react";
import { Link } from "wouter";
import type { Trace, UsageRequest } from "../api/types";
import { CopyButton } from "../kit/CopyButton";
import { formatCount, formatDateTime, formatUsd } from "../kit/format";
import { Failure, Loading } from "../kit/states";
import { formatMs } from "../targets/figures";
import { Content } from "./Content";
import { Rules } from "./Rules";
import { Waterfall } from "./Waterfall";
import { cacheOf, costOf, outcomeOf, stateOf, tokensOf } from "./words";
import { useTrace } from "./queries";
import styles from "./RequestDetail.module.css";

export function RequestDetail({ id }: { id: string }) {
  const trace = useTrace(id);
  return (
    <>
      <p className={styles.back}>
        <a
          href="/requests"
          onClick={(event) => {
            if (history.length < 2 || event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            history.back(); // to the list as it was filtered
          }}
        >
          All requests
        </a>
      </p>
      {trace.isPending && <Loading label="Loading the request" rows={9} />}
      {trace.isError && <Failure error={trace.error} onRetry={() => void trace.refetch()} />}
      {trace.data && <Shown trace={trace.data} />}
    </>
  );
}

function Shown({ trace: { request, decision, caused } }: { trace: Trace }) {
  return (
    <>
      <header className={styles.head}>
        <div>
          <h1>{request.requested || request.operation}</h1>
          <p className={styles.id}>
            <code>{request.id}</code>
            <CopyButton label="Copy id" text={() => request.id} />
          </p>
        </div>
        <p className={styles.outcome} data-state={stateOf(request)}>
          {outcomeOf(request)}
          {request.refused && <span>refused before a model was asked</span>}
        </p>
      </header>
      {decision?.why && <p className={styles.why}>{decision.why}</p>}
      <Facts request={request} countedBy={decision?.estimated_by ?? null} />
      <section className={styles.section} aria-labelledby="time">
        <h2 id="time">Where the time went</h2>
        {decision ? <Waterfall decision={decision} /> : <p>No decision record: none was made, or it is past its retention.</p>}
      </section>
      {decision && <Rules decision={decision} />}
      {caused.length > 0 && (
        <section className={styles.section} aria-labelledby="caused">
          <h2 id="caused">It caused</h2>
          <ul className={styles.caused}>
            {caused.map((each) => (
              <li key={each.id}>
                <Link href={`/requests/${encodeURIComponent(each.id)}`}>
                  {each.operation} of {each.requested}
                </Link>{" "}
                {formatMs(each.latency_ms)}, {costOf(each)}
              </li>
            ))}
          </ul>
        </section>
      )}
      <Content request={request} />
    </>
  );
}

function Facts({ request, countedBy }: { request: UsageRequest; countedBy: string | null }) {
  return (
    <dl className={styles.facts}>
      <Fact name="At">{formatDateTime(request.at)}</Fact>
      <Fact name="Took">
        {formatMs(request.latency_ms)}
        {request.first_token_ms !== null && `, first content after ${formatMs(request.first_token_ms)}`}
      </Fact>
      <Fact name="Answered by">
        {request.model ? `${request.model} at ${request.provider ?? "nobody"}` : "nobody"}
        {request.arm && `, arm ${request.arm}`}
      </Fact>
      <Fact name="Tokens">
        {tokensOf(request)}
        {request.cache_read_tokens ? `, ${formatCount(request.cache_read_tokens)} from the provider’s cache` : ""}
      </Fact>
      <Fact name="Cost">
        {costOf(request)}
        {request.estimate_nano_usd !== null && `, ${formatUsd(request.estimate_nano_usd)} set aside`}
      </Fact>
      {countedBy !== null && <Fact name="Counted before the call by">{countedBy}</Fact>}
      <Fact name="Cache">{cacheOf(request)}</Fact>
      <Fact name="Team">{request.team}</Fact>
      {request.key_id && <Fact name="Key">{request.key_id}</Fact>}
      {request.user_id && <Fact name="User">{request.user_id}</Fact>}
      {request.project && <Fact name="Project">{request.project}</Fact>}
      {request.request_id !== request.id && <Fact name="The client’s id">{request.request_id}</Fact>}
      <Fact name="Decided by">
        snapshot {request.snapshot_version}, prices {request.price_version}
        {request.corpus_version && `, documents ${request.corpus_version}`}
      </Fact>
    </dl>
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
