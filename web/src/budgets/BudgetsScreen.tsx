/** How much of each budget is used, the nearest to its end first. */
import type { Budget } from "../api/types";
import { formatDateTime } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import screen from "../targets/Screen.module.css";
import { Tabs } from "../usage/Tabs";
import styles from "./BudgetsScreen.module.css";
import { STATES, amountsOf, barOf, nameOf } from "./figures";
import { useBudgets } from "./queries";

export default function BudgetsScreen() {
  const budgets = useBudgets();
  const asOf = budgets.data?.data[0]?.as_of;
  return (
    <div className={screen.screen}>
      <div className={screen.page}>
        <header className={screen.head}>
          <h1>Budgets</h1>
          {asOf && <p>As of {formatDateTime(asOf)}; requests under way are not in it</p>}
        </header>
        <Tabs />
        {budgets.isError && !budgets.data && <Failure error={budgets.error} onRetry={() => void budgets.refetch()} />}
        {!budgets.isError && !budgets.data && <Loading label="Loading budgets" rows={6} />}
        {budgets.data && <Budgets budgets={budgets.data.data} />}
      </div>
    </div>
  );
}

function Budgets({ budgets }: { budgets: Budget[] }) {
  if (budgets.length === 0) {
    return (
      <Empty title="There is no budget">
        <p>A team, a key, a user, a project or an assistant can have one, for a minute or for a month.</p>
        <code className={screen.code}>stoa team set company --budget 250</code>
      </Empty>
    );
  }
  return (
    <ul className={styles.list} aria-label="Budgets">
      {budgets.map((each) => (
        <li key={`${each.scope} ${each.subject ?? ""} ${each.name ?? ""} ${each.per}`} className={styles.budget}>
          <h2>{nameOf(each)}</h2>
          <span className={styles.state} data-state={each.state}>
            {STATES[each.state]}
          </span>
          <Bar budget={each} />
          <p>{amountsOf(each)}</p>
          <p className={styles.resets}>
            Anew {formatDateTime(each.resets_at)}
            {each.time_zone === "UTC" ? "" : `, as days begin in ${each.time_zone}`}
            {each.unknown === "refuse" ? "; requests of unknown cost are refused" : ""}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Bar({ budget }: { budget: Budget }) {
  const { used, warn } = barOf(budget);
  return (
    <div
      className={styles.bar}
      role="meter"
      aria-label={`Used of ${nameOf(budget)}`}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(used * 100)}
      aria-valuetext={amountsOf(budget)}
      data-state={budget.state}
    >
      <span style={{ width: `${used * 100}%` }} />
      {warn !== null && <i style={{ left: `${warn * 100}%` }} title="soft limit" />}
    </div>
  );
}
