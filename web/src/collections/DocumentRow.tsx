import type { Document } from "../api/types";
import { Menu, MenuItem, MenuLink } from "../kit/Menu";
import { formatAgo, formatBytes, formatCount, formatDateTime } from "../kit/format";
import styles from "./Documents.module.css";

interface DocumentRowProps {
  document: Document;
  now: number;
  onRemove: () => void;
}

export function DocumentRow({ document, now, onRemove }: DocumentRowProps) {
  const { id, title, path, state, error, acl, pages, chunks, bytes, updated_at: changed } = document;
  const name = title || path;
  return (
    <tr>
      <th scope="row" className={styles.document}>
        <span className={styles.title}>{name}</span>
        {path !== name && <span className={styles.path}>{path}</span>}
        {error && <span className={styles.error}>{error}</span>}
      </th>
      <td data-label="State">
        <span className={styles.state} data-state={state}>
          {state}
        </span>
      </td>
      <td data-label="Who may read">
        <ul className={styles.rights}>
          {acl.map((tag) => (
            <li key={tag}>
              <span>{tag.split(":")[0]}</span> {tag.slice(tag.indexOf(":") + 1)}
            </li>
          ))}
        </ul>
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
          <MenuItem icon="remove" danger onSelect={onRemove}>
            Remove
          </MenuItem>
        </Menu>
      </td>
    </tr>
  );
}

const numberOr = (n: number | null) => (n === null ? "–" : formatCount(n));
