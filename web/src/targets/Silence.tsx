/** What is said above figures that may be old: nobody reports, or the last question for them failed. */
import { messageOf } from "../api/errors";
import { Icon } from "../kit/Icon";
import type { useTargets } from "./queries";
import styles from "./Silence.module.css";

export function Silence({ targets }: { targets: ReturnType<typeof useTargets> }) {
  if (!targets.data) return null;
  const text = targets.isError
    ? `These figures are not up to date. ${messageOf(targets.error)}`
    : targets.data.workers === 0
      ? "No gateway has reported in the last seconds, so nobody knows how models are doing. See stoa status."
      : "";
  return (
    <p role="status" className={styles.silence}>
      {text && (
        <>
          <Icon name="warning" size={16} />
          {text}
        </>
      )}
    </p>
  );
}
