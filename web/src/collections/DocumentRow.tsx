import { Link } from "wouter";
import type { Document } from "../api/types";
import { Menu, MenuItem, MenuLink } from "../kit/Menu";
import { formatAgo, formatBytes, formatCount, formatDateTime } from "../kit/format";
import { Rights, StateMark } from "./marks";
import { documentHref } from "./places";
import styles from "./Documents.module.css";

interface DocumentRowProps {
  document: Document;
  now: number;
  mayRemove: boolean;
  onRemove: () => void;
}

export function DocumentRow({ document, now, mayRemove, onRemove }: DocumentRowProps) {
  const { id, collection, title, path, state, error, acl, deny, pages, chunks, bytes, updated_at: changed, traits } = document;
  const original = traits?.duplicate_of;
  const name = title || path;
  return (
    <tr>
      <th scope="row" className={styles.document}>
        <Link href={documentHref(collection, id)} className={styles.title}>
          {name}
        </Link>
        {path !== name && <span className={styles.path}>{path}</span>}
        {error && <span className={styles.error}>{error}</span>}
        {traits?.notes.map((note) => (
          <span key={note} className={styles.note}>
            {note}
          </span>
        ))}
        {original && (
          <span className={styles.note}>
            Almost the same as <Link href={documentHref(collection, original.id)}>{original.title || original.path}</Link>
          </span>
        )}
      </th>
      <td data-label="State">
        <StateMark state={state} />
      </td>
      <td data-label="Who may read">
        <Rights acl={acl} deny={deny} />
      </td>
      <td data-label="Pages">{numberOr(pages)}</td>
      <td data-label="Chunks">{numberOr(chunks)}</td>
      <td data-label="Size">{formatBytes(bytes)}</td>
      <td data-label="Changed" title={formatDateTime(changed)}>
        {formatAgo(changed, now)}
      </td>
      <td className={styles.actions}>
        <Menu label={`Actions for ${name}`}>
          <MenuLink icon="download" href={`/api/documents/${id}/original`}>
            Original
          </MenuLink>
          {mayRemove && (
            <MenuItem icon="remove" danger onSelect={onRemove}>
              Remove
            </MenuItem>
          )}
        </Menu>
      </td>
    </tr>
  );
}

const numberOr = (n: number | null) => (n === null ? "–" : formatCount(n));
