import type { ReactNode } from "react";
import { plural } from "../kit/format";
import { useRights } from "../session/queries";
import { HealthMark } from "../targets/HealthMark";
import { FoldedVersions } from "../versions/Versions";
import { TargetTable } from "./TargetTable";
import type { Provider } from "./providers";
import styles from "./Providers.module.css";

const RESTORING =
  "Restoring makes a new version like this one; credentials stay as they are now. Gateways serve it within two seconds.";

export function ProviderCard({ provider, now }: { provider: Provider; now: number }) {
  const mayChange = useRights().change_providers;
  const { name, type, url, place, secrets, hasHealthCheck, isBuiltIn, targets, health } = provider;
  return (
    <article className={styles.card} aria-label={name}>
      <header className={styles.head}>
        <h2>{name}</h2>
        <span className={styles.type}>{type}</span>
        <span className={styles.health}>
          <HealthMark health={health} usableInS={Math.max(0, ...targets.map((each) => each.usable_in_s))} words />
        </span>
      </header>
      {!isBuiltIn && (
        <dl className={styles.facts}>
          <Fact name="Address">{url ? <code>{url}</code> : `that of the type${place && ` in ${place}`}`}</Fact>
          <Fact name="Credentials">
            {secrets.length > 0 ? (
              <>
                set: <code>{secrets.join(", ")}</code>
              </>
            ) : (
              "none"
            )}
          </Fact>
          <Fact name="Health check">{hasHealthCheck ? "asked regularly" : "none; requests tell"}</Fact>
          <Fact name="Models">{plural(targets.length, "model")}</Fact>
        </dl>
      )}
      {targets.length > 0 && <TargetTable provider={name} targets={targets} now={now} />}
      {targets.length === 0 && (
        <p className={styles.none}>
          No model of this provider yet. Add a <code>kind: Model</code> with <code>provider: {name}</code> and apply it.
        </p>
      )}
      {!isBuiltIn && <FoldedVersions of={{ kind: "Provider", name }} mayRestore={mayChange} restoring={RESTORING} />}
    </article>
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
