import styles from "./Waiting.module.css";

/** Until the first word: three columns that light up in turn. */
export function Waiting() {
  return (
    <p className={styles.waiting}>
      <span className={styles.columns} aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      Reading
    </p>
  );
}
