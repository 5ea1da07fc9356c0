/** The text of a document as it was read, its tables as tables. */
import type { ReactNode } from "react";
import { blocksOf } from "./tables";
import styles from "./ReadText.module.css";

interface ReadTextProps {
  text: string;
  /** What becomes of a stretch of words: its marks, for one. */
  words?: (text: string) => ReactNode;
}

export function ReadText({ text, words = (stretch) => stretch }: ReadTextProps) {
  return blocksOf(text).map((block, i) =>
    block.kind === "text" ? (
      <span key={i}>{words(block.text)}</span>
    ) : (
      <table key={i} className={styles.table}>
        {block.head.length > 0 && (
          <thead>
            <tr>
              {block.head.map((cell, at) => (
                <th key={at} scope="col">
                  {words(cell)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {block.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{words(cell)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    ),
  );
}
