/** The routes at the left, one of them to be changed and tried beside. */
import { useSearch } from "wouter";
import type { ResourceFields } from "../api/types";
import { MasterDetail, MasterLink, NewLink } from "../kit/MasterDetail";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import { useRights } from "../session/queries";
import { HealthMark } from "../targets/HealthMark";
import { type Health, worst } from "../targets/health";
import { byModel, useResources, useTargets } from "../targets/queries";
import { RouteEditor } from "./RouteEditor";
import { draftOf } from "./draft";
import { STRATEGIES } from "./words";

export default function RoutesScreen({ name }: { name: string | null }) {
  const routes = useResources("Route");
  const targets = useTargets();
  const mayChange = useRights().change_routes;
  const isAskedForNew = new URLSearchParams(useSearch()).has("new");
  const isNew = name === null && isAskedForNew && mayChange;
  const all = routes.data ?? [];
  const current = all.find((route) => route.name === name);
  const models = byModel(targets.data?.data ?? []);
  const isOpen = isNew || current !== undefined;
  return (
    <MasterDetail
      title="Routes"
      isOpen={isOpen}
      create={
        mayChange && (
          <NewLink href="/routes?new" isCurrent={isNew}>
            New
          </NewLink>
        )
      }
      list={
        <>
          {routes.isPending && <Loading label="Loading routes" />}
          {routes.isError && <Failure error={routes.error} onRetry={() => void routes.refetch()} />}
          <ul>
            {all.map((route) => (
              <li key={route.name}>
                <RouteLink route={route} health={healthOf(route, models)} isCurrent={route === current} />
              </li>
            ))}
          </ul>
          {routes.isSuccess && all.length === 0 && (
            <Empty title="No routes yet">
              <p>
                A route is one name for several models. {mayChange ? "Make one here, or apply a file:" : "It comes from a file:"}
              </p>
              <code>stoa apply -f route.yaml</code>
            </Empty>
          )}
        </>
      }
    >
      {isOpen && <RouteEditor key={current?.name ?? ""} route={current ?? null} models={models} />}
      {!isOpen && routes.isSuccess && all.length > 0 && <Unchosen name={name} />}
    </MasterDetail>
  );
}

function Unchosen({ name }: { name: string | null }) {
  if (name) return <Empty title={`There is no route “${name}”`}>It was removed, or you have no right to see it.</Empty>;
  return <Empty title="Choose a route">Its targets, its ways out of failure, and where a request would go.</Empty>;
}

function healthOf(route: ResourceFields, models: ReturnType<typeof byModel>): Health {
  return worst(draftOf(route).targets.map(({ model }) => models.get(model)?.health ?? "unknown"));
}

function RouteLink({ route, health, isCurrent }: { route: ResourceFields; health: Health; isCurrent: boolean }) {
  const { name, description, strategy, targets } = draftOf(route);
  return (
    <MasterLink
      href={`/routes/${encodeURIComponent(name)}`}
      isCurrent={isCurrent}
      name={
        <>
          {name} <HealthMark health={health} />
        </>
      }
      description={description}
    >
      {STRATEGIES[strategy].name}, {plural(targets.length, "target")}
    </MasterLink>
  );
}
