/** Every model: what it costs, how fast it answers, how often it fails. Refreshed as often as gateways report. */
import { useState } from "react";
import type { Target } from "../api/types";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import screen from "../targets/Screen.module.css";
import { Silence } from "../targets/Silence";
import { windowMinutes } from "../targets/figures";
import { isTroubled } from "../targets/health";
import { useResources, useTargets } from "../targets/queries";
import { ModelRow } from "./ModelRow";
import { routesByModel } from "./routesByModel";
import styles from "./Models.module.css";

export default function ModelsScreen() {
  const targets = useTargets();
  const routes = useResources("Route");
  const [typed, setTyped] = useState("");
  const all = targets.data?.data ?? [];
  const shown = all.filter((each) => fits(each, typed));

  return (
    <div className={screen.screen}>
      <div className={screen.page}>
        <header className={screen.head}>
          <div>
            <h1>Models</h1>
            {all.length > 0 && <p>{summary(all)}</p>}
          </div>
          <input
            type="search"
            aria-label="Find a model"
            placeholder="Find a model"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </header>
        <Silence targets={targets} />
        {targets.isPending && <Loading label="Loading models" rows={8} />}
        {targets.isError && !targets.data && <Failure error={targets.error} onRetry={() => void targets.refetch()} />}
        {targets.isSuccess && all.length === 0 && (
          <Empty title="No models that you may see">
            <p>A provider and its models come from a file:</p>
            <code className={screen.code}>stoa apply -f provider.yaml</code>
          </Empty>
        )}
        {all.length > 0 && shown.length === 0 && <Empty title="No model fits">Change what you search for.</Empty>}
        {shown.length > 0 && <ModelTable targets={shown} routes={routesByModel(routes.data ?? [])} now={targets.dataUpdatedAt} />}
      </div>
    </div>
  );
}

function ModelTable({ targets, routes, now }: { targets: Target[]; routes: Map<string, string[]>; now: number }) {
  const minutes = windowMinutes(targets);
  return (
    <table className={styles.table}>
      <caption className="unseen">Models</caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Kind</th>
          <th scope="col" title="US dollars for a million tokens, in and out">
            Price in / out
          </th>
          <th scope="col">Context</th>
          <th scope="col" title="Half of all answers came within this time">
            p50
          </th>
          <th scope="col" title="95 of 100 answers came within this time">
            p95
          </th>
          <th scope="col">Errors</th>
          <th scope="col">Requests, {minutes} min</th>
        </tr>
      </thead>
      <tbody>
        {targets.map((each) => (
          <ModelRow key={each.model} target={each} routes={routes.get(each.model) ?? []} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function fits({ model, provider, upstream_name }: Target, typed: string): boolean {
  return `${model} ${provider} ${upstream_name}`.toLowerCase().includes(typed.trim().toLowerCase());
}

function summary(all: Target[]): string {
  const providers = new Set(all.map((each) => each.provider)).size;
  const troubled = all.filter((each) => isTroubled(each.health)).length;
  const said = `${plural(all.length, "model")} at ${plural(providers, "provider")}`;
  return troubled ? `${said}, ${troubled} in trouble` : said;
}
