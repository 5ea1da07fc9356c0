/** What a resource was: a line for each saved change, the newest first. */
import { type ReactNode, useId, useState } from "react";
import type { ResourceFields, ResourceVersion } from "../api/types";
import { Button } from "../kit/Button";
import { Menu, MenuItem } from "../kit/Menu";
import { Table } from "../kit/Table";
import { formatDateTime } from "../kit/format";
import { Failure, Loading } from "../kit/states";
import { VersionDialog } from "./VersionDialog";
import { type Named, useVersions } from "./queries";
import { isWhole, whatChanged } from "./words";
import styles from "./Versions.module.css";

const RESTORING = "Restoring makes a new version like this one. Gateways serve it within two seconds.";

interface VersionsProps {
  of: Named;
  mayRestore: boolean;
  /** Said before it is restored, where it is not what is said of most. */
  restoring?: string;
  onRestored?: (resource: ResourceFields) => void;
  /** Where a version can be tried. */
  onTry?: (version: ResourceVersion) => void;
  /** Above the list. */
  children?: ReactNode;
}

export function Versions({ children, ...listed }: VersionsProps) {
  const title = useId();
  return (
    <section className={styles.panel} aria-labelledby={title}>
      <h2 id={title}>Versions</h2>
      {children}
      <Listed {...listed} />
    </section>
  );
}

/** Where several resources stand below each other: asked for once it is opened. */
export function FoldedVersions(props: Omit<VersionsProps, "children">) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.folded} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Versions<span className="unseen"> of {props.of.name}</span>
      </summary>
      {isOpen && <Listed {...props} />}
    </details>
  );
}

function Listed({ of, mayRestore, restoring = RESTORING, onRestored, onTry }: Omit<VersionsProps, "children">) {
  const versions = useVersions(of);
  const [open, setOpen] = useState<ResourceVersion | null>(null);
  const [restored, setRestored] = useState<{ version: number; over: number } | null>(null);
  const all = versions.data ?? [];
  const present = all[0];
  const canRestore = (version: ResourceVersion) => mayRestore && isWhole(version) && version !== present;

  return (
    <>
      {versions.isPending && <Loading label="Loading versions" rows={2} />}
      {versions.isError && <Failure error={versions.error} onRetry={() => void versions.refetch()} />}
      <p role="status" className={styles.status}>
        {restored && `Version ${restored.version} is in force again${asNumber(present, restored.over)}.`}
      </p>
      {all.length > 0 && (
        <Table
          caption={`Versions of ${of.name}`}
          columns={["Version", "When", "By", "What", { unseen: "Actions" }]}
          look="flowing"
        >
          {all.map((version) => (
            <tr key={version.version}>
              <th scope="row">
                {version.version}
                {version === present && isWhole(version) && <span className={styles.present}>present</span>}
              </th>
              <td data-label="When" className={styles.when}>
                {formatDateTime(version.at)}
              </td>
              <td data-label="By">{version.author ?? version.by}</td>
              <td data-label="What">{whatChanged(version)}</td>
              <td className={styles.act}>
                {isWhole(version) && (
                  <Menu label={`Actions for version ${version.version}`}>
                    <MenuItem icon="list" onSelect={() => setOpen(version)}>
                      {canRestore(version) ? "See what differs, restore" : "See what differs"}
                    </MenuItem>
                    {onTry && version !== present && (
                      <MenuItem icon="play" onSelect={() => onTry(version)}>
                        Try beside
                      </MenuItem>
                    )}
                  </Menu>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {versions.hasNextPage && (
        <Button disabled={versions.isFetchingNextPage} onClick={() => void versions.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
      {open && (
        <VersionDialog
          of={of}
          version={open}
          all={all}
          restoring={canRestore(open) ? restoring : null}
          onRestored={(resource) => {
            setRestored({ version: open.version, over: present?.version ?? 0 });
            onRestored?.(resource);
          }}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

/** The number that it has now, once the list knows it. */
const asNumber = (present: ResourceVersion | undefined, over: number) =>
  present && present.version > over ? `, as version ${present.version}` : "";
