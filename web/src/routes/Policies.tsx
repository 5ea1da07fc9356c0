/** What a route does when things go wrong or slowly, and what else it does. Each part says in its summary what it comes to. */
import { type ReactNode, useState } from "react";
import type { Target } from "../api/types";
import { Icon } from "../kit/Icon";
import { CacheFields } from "./CacheFields";
import { Classes } from "./Classes";
import { CheckField, NumberField, TextField, useMistakeAt } from "../kit/Field";
import { ModelField } from "./Targets";
import { type Draft, HEDGE, SHADOW, saysTimeAlone } from "./draft";
import * as words from "./words";
import styles from "./Policies.module.css";

interface PoliciesProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
  models: Map<string, Target>;
}

export function Policies({ draft, onDraft, models }: PoliciesProps) {
  return (
    <div className={styles.parts}>
      <Failing draft={draft} onDraft={onDraft} />
      <Slow draft={draft} onDraft={onDraft} />
      <Further draft={draft} onDraft={onDraft} models={models} />
    </div>
  );
}

function Failing({ draft, onDraft }: Omit<PoliciesProps, "models">) {
  const { retries, breaker } = draft;
  const retry = (fields: Partial<Draft["retries"]>) => onDraft({ ...draft, retries: { ...retries, ...fields } });
  const stop = (fields: Partial<Draft["breaker"]>) => onDraft({ ...draft, breaker: { ...breaker, ...fields } });
  return (
    <>
      <Part name="Retries" at="retries" summary={words.retriesText(retries)}>
        <NumberField
          label="Further tries at the same target"
          at="retries.attempts"
          value={retries.attempts}
          onValue={(attempts) => retry({ attempts })}
        />
        <NumberField
          label="First wait"
          at="retries.wait_s"
          unit="s"
          value={retries.wait_s}
          onValue={(wait_s) => retry({ wait_s })}
        />
        <NumberField
          label="Longest wait"
          at="retries.most_wait_s"
          unit="s"
          value={retries.most_wait_s}
          onValue={(most_wait_s) => retry({ most_wait_s })}
        />
        <NumberField
          label="Budget"
          at="retries.budget"
          hint="The share of requests that retries and hedges may add, from 0 to 1."
          value={retries.budget}
          onValue={(budget) => retry({ budget })}
        />
        <Classes legend="After" at="retries.on" chosen={retries.on} onChoose={(on) => retry({ on })} />
      </Part>
      <Part name="Circuit breaker" at="breaker" summary={words.breakerText(breaker)}>
        <NumberField
          label="Failures in a row"
          at="breaker.failures"
          hint="Then the target is left alone."
          value={breaker.failures}
          onValue={(failures) => stop({ failures })}
        />
        <NumberField
          label="Until the first probe"
          at="breaker.cooldown_s"
          unit="s"
          value={breaker.cooldown_s}
          onValue={(cooldown_s) => stop({ cooldown_s })}
        />
        <NumberField
          label="At most, while probes fail"
          at="breaker.most_cooldown_s"
          unit="s"
          value={breaker.most_cooldown_s}
          onValue={(most_cooldown_s) => stop({ most_cooldown_s })}
        />
      </Part>
    </>
  );
}

function Slow({ draft, onDraft }: Omit<PoliciesProps, "models">) {
  const { timeouts, hedge } = draft;
  const limit = (fields: Partial<Draft["timeouts"]>) => onDraft({ ...draft, timeouts: { ...timeouts, ...fields } });
  return (
    <>
      <Part name="Timeouts" at="timeouts" summary={words.timeoutsText(timeouts)}>
        <NumberField
          label="To the first token"
          at="timeouts.first_token_s"
          unit="s"
          value={timeouts.first_token_s}
          onValue={(first_token_s) => limit({ first_token_s })}
        />
        <NumberField
          label="Between two pieces"
          at="timeouts.idle_s"
          unit="s"
          value={timeouts.idle_s}
          onValue={(idle_s) => limit({ idle_s })}
        />
        <NumberField
          label="Whole answer"
          at="timeouts.total_s"
          unit="s"
          value={timeouts.total_s}
          onValue={(total_s) => limit({ total_s })}
        />
        <NumberField
          label="At least"
          at="timeouts.min_tokens_per_s"
          unit="tokens/s"
          value={timeouts.min_tokens_per_s}
          onValue={(min_tokens_per_s) => limit({ min_tokens_per_s })}
        />
      </Part>
      <Part name="Hedged requests" at="hedge" summary={words.hedgeText(hedge)}>
        <CheckField
          label="Ask a second target when the first is slow"
          at="hedge"
          hint="The first answer wins, the other is cancelled and not billed."
          checked={hedge !== null}
          onCheck={(checked) => onDraft({ ...draft, hedge: checked ? HEDGE : null })}
        />
        {hedge && (
          <>
            <NumberField
              label="After"
              at="hedge.after_s"
              unit="s"
              hint="Left empty: the target’s own 95th percentile."
              value={hedge.after_s}
              onValue={(after_s) => onDraft({ ...draft, hedge: { ...hedge, after_s } })}
            />
            <NumberField
              label="But not before"
              at="hedge.least_s"
              unit="s"
              value={hedge.least_s}
              onValue={(least_s) => onDraft({ ...draft, hedge: { ...hedge, least_s } })}
            />
          </>
        )}
      </Part>
    </>
  );
}

function Further({ draft, onDraft, models }: PoliciesProps) {
  const { shadow } = draft;
  return (
    <>
      <Part name="Shadow" at="shadow" summary={words.shadowText(shadow)}>
        <CheckField
          label="Send requests to another model too"
          at="shadow"
          hint="Nobody sees its answers; its cost is counted apart."
          checked={shadow !== null}
          onCheck={(checked) => onDraft({ ...draft, shadow: checked ? SHADOW : null })}
        />
        {shadow && (
          <>
            <ModelField
              at="shadow.model"
              model={shadow.model}
              models={models}
              onModel={(model) => onDraft({ ...draft, shadow: { ...shadow, model } })}
            />
            <NumberField
              label="Share of the requests"
              at="shadow.share"
              hint="From 0 to 1."
              value={shadow.share}
              onValue={(share) => onDraft({ ...draft, shadow: { ...shadow, share } })}
            />
          </>
        )}
      </Part>
      <Part
        name="Cache"
        at={draft.cache && saysTimeAlone(draft.cache) ? "cache_ttl_s" : "cache"}
        summary={words.cacheText(draft)}
      >
        <CacheFields cache={draft.cache} onCache={(cache) => onDraft({ ...draft, cache })} />
      </Part>
      <Part name="Teams" at="teams" summary={draft.teams.trim() || "all"}>
        <TextField
          label="Teams that may use it"
          at="teams"
          placeholder="all"
          value={draft.teams}
          onValue={(teams) => onDraft({ ...draft, teams })}
        />
      </Part>
    </>
  );
}

function Part({ name, at, summary, children }: { name: string; at: string; summary: string; children: ReactNode }) {
  const [opened, setOpened] = useState(false);
  const isWrong = useMistakeAt(at) !== null;
  return (
    <details className={styles.part} open={opened || isWrong} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>
        <span className={styles.name}>{name}</span>
        <span className={styles.summary}>{summary}</span>
        <Icon name="down" size={14} />
      </summary>
      <div className={styles.fields}>{children}</div>
    </details>
  );
}
