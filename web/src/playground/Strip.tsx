/** What an answer took. Figures that are not known yet keep their place. */
import { formatCompact, formatUsd } from "../kit/format";
import { type Run, tokensPerSecond } from "./run";
import { termsOf } from "./terms";
import { formatMs, formatRate } from "./text";
import styles from "./Strip.module.css";

const NONE = "–";

export function Strip({ run }: { run: Run | undefined }) {
  const account = typeof run?.account === "object" ? run.account : null;
  const rate = run ? tokensPerSecond(run) : null;
  const model = account?.model ?? run?.headers["x-stoa-model"];
  const cache = account?.cache ?? run?.headers["x-stoa-cache"];
  const terms = run ? termsOf(run.headers) : [];
  const arm = account?.arm ?? run?.headers["x-stoa-arm"];
  return (
    <div className={styles.strip}>
      <dl className={styles.figures}>
        <Figure name="First token" value={ms(run?.firstTokenMs)} />
        <Figure name="Total" value={ms(run?.totalMs)} />
        <Figure name="Speed" value={rate === null ? NONE : formatRate(rate)} hint="Tokens a second" />
        <Figure
          name="In"
          value={tokens(account?.prompt_tokens)}
          hint={tokensHint(account?.tokens_from, account?.cache_read_tokens)}
        />
        <Figure name="Out" value={tokens(account?.completion_tokens)} hint={tokensHint(account?.tokens_from)} />
        <Figure name="Cost" value={costOf(run)} hint={account ? `Prices: ${account.price_version}` : undefined} />
      </dl>
      {terms.length > 0 && (
        <dl className={styles.terms}>
          {terms.map((term) => (
            <div key={`${term.name} ${term.value}`} title={term.hint}>
              <dt>{term.name}</dt>
              <dd>{term.value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p className={styles.target}>
        <Phase run={run} />
        {model && (
          <span className={styles.by}>
            {model}
            {account?.provider && account.provider !== model ? ` at ${account.provider}` : ""}
          </span>
        )}
        {cache === "hit" && <span className={styles.chip}>from the cache</span>}
        {arm && <span className={styles.chip}>arm {arm}</span>}
        {account && account.attempts > 1 && <span className={styles.chip}>{account.attempts} tries</span>}
      </p>
    </div>
  );
}

function Figure({ name, value, hint }: { name: string; value: string; hint?: string | undefined }) {
  return (
    <div title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Phase({ run }: { run: Run | undefined }) {
  const [look, word] = phaseOf(run);
  return (
    <span role="status" className={[styles.phase, look].join(" ")}>
      {word}
    </span>
  );
}

function phaseOf(run: Run | undefined): [string | undefined, string] {
  switch (run?.phase) {
    case undefined:
      return [undefined, "Not run yet"];
    case "asking":
      return [styles.live, "Waiting"];
    case "answering":
      return [styles.live, "Answering"];
    case "finished":
      return [styles.good, `${run.status ?? ""} Done`];
    case "stopped":
      return [undefined, "Stopped"];
    case "failed":
      return [styles.bad, `${run.status !== null && run.status !== 200 ? `${run.status} ` : ""}Failed`];
  }
}

const ms = (value: number | null | undefined) => (value === null || value === undefined ? NONE : formatMs(value));
const tokens = (value: number | null | undefined) => (value === null || value === undefined ? NONE : formatCompact(value));

function tokensHint(from: string | undefined, cached: number | null = null): string | undefined {
  if (from === "estimate") return "Tokens, estimated: the provider told none";
  return cached ? `Tokens, ${formatCompact(cached)} of them from the provider's cache` : "Tokens";
}

function costOf(run: Run | undefined): string {
  if (!run) return NONE;
  const { account } = run;
  if (typeof account === "object") return account.cost_nano_usd === null ? "unknown" : formatUsd(account.cost_nano_usd);
  if (account === "unbilled") return "none";
  return account === "later" ? "unknown" : run.totalMs === null ? NONE : "…";
}
