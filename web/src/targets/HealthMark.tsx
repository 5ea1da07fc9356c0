/** A dot for how a target is doing. Its colour is never alone: the words stand beside it, or are read out. */
import type { Health } from "./health";
import { healthText } from "./health";
import styles from "./HealthMark.module.css";

interface HealthMarkProps {
  health: Health;
  usableInS?: number;
  /** Whether the words are shown, not only read out. */
  words?: boolean;
}

export function HealthMark({ health, usableInS = 0, words = false }: HealthMarkProps) {
  const text = healthText(health, usableInS);
  return (
    <span className={styles.mark} data-health={health} title={words ? undefined : text}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true" className={styles.dot}>
        {health === "unhealthy" ? <rect x="1" y="1" width="8" height="8" rx="1.5" /> : <circle cx="5" cy="5" r="4" />}
      </svg>
      <span className={words ? undefined : "unseen"}>{text}</span>
    </span>
  );
}
