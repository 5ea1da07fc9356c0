/** Whom requests are sent to: where each provider is, whether it has credentials, and how its models are doing. */
import type { ResourceFields, Target } from "../api/types";
import { Empty, Failure, Loading } from "../kit/states";
import screen from "../targets/Screen.module.css";
import { Silence } from "../targets/Silence";
import { useResources, useTargets } from "../targets/queries";
import { ProviderCard } from "./ProviderCard";
import { type Provider, providersOf } from "./providers";
import styles from "./Providers.module.css";

export default function ProvidersScreen() {
  const resources = useResources("Provider");
  const targets = useTargets();
  const failed = [resources, targets].find((query) => query.isError && !query.data);
  const isReady = resources.data !== undefined && targets.data !== undefined;

  return (
    <div className={screen.screen}>
      <div className={screen.page}>
        <header className={screen.head}>
          <h1>Providers</h1>
        </header>
        <Silence targets={targets} />
        {failed && <Failure error={failed.error} onRetry={() => void Promise.all([resources.refetch(), targets.refetch()])} />}
        {!failed && !isReady && <Loading label="Loading providers" rows={8} />}
        {isReady && <Providers resources={resources.data} targets={targets.data.data} now={targets.dataUpdatedAt} />}
      </div>
    </div>
  );
}

function Providers({ resources, targets, now }: { resources: ResourceFields[]; targets: Target[]; now: number }) {
  const all = providersOf(resources, targets);
  return (
    <>
      <ul className={styles.list}>
        {all.map((provider) => (
          <li key={provider.name}>
            <ProviderCard provider={provider} now={now} />
          </li>
        ))}
      </ul>
      {all.every((each: Provider) => each.isBuiltIn) && (
        <Empty title="No provider was added yet">
          <p>
            Write down where it is and which key it wants, then apply the file. Its key is stored encrypted and never shown again.
          </p>
          <code>stoa apply -f examples/providers/openai-compatible.yaml</code>
        </Empty>
      )}
    </>
  );
}
