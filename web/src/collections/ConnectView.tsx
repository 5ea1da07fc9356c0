/** How programs reach the collection: code and configurations to copy. */
import type { Collection } from "../api/types";
import { CopyButton } from "../kit/CopyButton";
import { type Way, waysTo } from "./connecting";
import styles from "./ConnectView.module.css";

export function ConnectView({ collection }: { collection: Collection }) {
  return (
    <div className={styles.view}>
      <p className={styles.note}>
        Every way in takes a key as the bearer token, and gives what the tags of that key open and no more. Make one with{" "}
        <code>stoa key create NAME</code> and put it into <code>STOA_KEY</code>.
      </p>
      {waysTo(collection.name, window.location.origin).map((way) => (
        <Section key={way.id} way={way} />
      ))}
    </div>
  );
}

function Section({ way }: { way: Way }) {
  return (
    <section className={styles.way} aria-labelledby={`way-${way.id}`}>
      <h2 id={`way-${way.id}`}>{way.title}</h2>
      <p>{way.note}</p>
      <figure>
        <figcaption>
          {way.language}
          <CopyButton label={`Copy: ${way.title}`} text={() => way.text} />
        </figcaption>
        <pre tabIndex={0}>
          <code>{way.text}</code>
        </pre>
      </figure>
    </section>
  );
}
