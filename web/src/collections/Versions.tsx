/** What a document was: a line for each change of its bytes or of who may read it. */
import type { DocumentVersion } from "../api/types";
import { Table } from "../kit/Table";
import { formatBytes, formatDateTime, plural } from "../kit/format";
import { Failure } from "../kit/states";
import { Rights } from "./marks";
import { useVersions } from "./reading";
import styles from "./Reader.module.css";

export function Versions({ id }: { id: string }) {
  const versions = useVersions(id);
  if (versions.isError) return <Failure error={versions.error} onRetry={() => void versions.refetch()} />;
  const all = versions.data?.data ?? [];
  if (all.length < 2) return <p className={styles.version}>{all.length === 1 ? "Version 1, never changed" : " "}</p>;
  return (
    <details className={styles.versions}>
      <summary>{plural(all.length, "version")}</summary>
      <Table caption="Versions" columns={["Version", "When", "By", "What changed", "Size", "Who may read"]} look="compact">
        {all.map((version, i) => (
          <tr key={version.number}>
            <th scope="row">
              {version.number}
              {i === 0 && ", the present one"}
            </th>
            <td data-label="When">{formatDateTime(version.at)}</td>
            <td data-label="By">{version.by ?? "–"}</td>
            <td data-label="What changed">{changeOf(version, all[i + 1])}</td>
            <td data-label="Size">{formatBytes(version.bytes)}</td>
            <td data-label="Who may read">
              <Rights acl={version.acl} deny={version.deny} />
            </td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

function changeOf(version: DocumentVersion, before: DocumentVersion | undefined): string {
  if (!before) return "it came";
  const text = version.digest !== before.digest;
  const rights = version.acl.join() !== before.acl.join() || version.deny.join() !== before.deny.join();
  return [text && "its text", rights && "who may read it"].filter(Boolean).join(" and ");
}
