/** Under an answer: how many of its sentences the passages support, once that was looked at. */
import type { SentenceCheck } from "../api/types";
import { Icon } from "../kit/Icon";
import { plural } from "../kit/format";
import styles from "./Verification.module.css";

export function Verification({ sentences }: { sentences: SentenceCheck[] }) {
  if (sentences.length === 0) return null;
  const count = (state: SentenceCheck["state"]) => sentences.filter((each) => each.state === state).length;
  const [unsupported, uncited] = [count("unsupported"), count("uncited")];
  const doubts = [
    unsupported > 0 && `${plural(unsupported, "sentence")} not supported by the passages named`,
    uncited > 0 && `${plural(uncited, "sentence")} without a passage`,
  ].filter(Boolean);
  return doubts.length === 0 ? (
    <p className={styles.sound}>
      <Icon name="check" /> {sentences.length === 1 ? "The sentence is" : `All ${sentences.length} sentences are`} in the passages
      named.
    </p>
  ) : (
    <p className={unsupported > 0 ? styles.doubtful : styles.partly}>
      <Icon name="warning" /> Of {plural(sentences.length, "sentence")}: {doubts.join(", ")}. They are marked.
    </p>
  );
}
