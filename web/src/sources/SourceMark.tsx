import type { Source } from "../api/types";
import { STATES, stateOf } from "./words";
import styles from "./Sources.module.css";

export function SourceMark({ source }: { source: Source }) {
  const state = stateOf(source);
  return (
    <span className={styles.state} data-state={state}>
      {STATES[state]}
    </span>
  );
}
