/** A list of things with the same fields. Cells carry their column's name in `data-label`: it is shown where there is no head. */
import type { ReactNode } from "react";
import styles from "./Table.module.css";

interface TableProps {
  /** For those who listen. */
  caption: string;
  /** Names of the columns; those in an object are not shown. */
  columns: (string | { unseen: string })[];
  /** Small, or with cells that may break. */
  look?: "plain" | "compact" | "flowing";
  /** The rows. */
  children: ReactNode;
}

export function Table({ caption, columns, look = "plain", children }: TableProps) {
  return (
    <div className={styles.frame}>
      <table className={[styles.table, styles[look]].filter(Boolean).join(" ")}>
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={typeof column === "string" ? column : column.unseen} scope="col">
                {typeof column === "string" ? column : <span className="unseen">{column.unseen}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
