import { IconButton } from "../kit/Button";
import { useFloating } from "../kit/useFloating";
import styles from "./Feedback.module.css";

const REACTIONS = [
  ["🎯", "On the point"],
  ["💡", "Learned something"],
  ["❤️", "Love it"],
  ["🤔", "Not sure"],
  ["🐌", "Too long"],
  ["❌", "Wrong"],
] as const;

/** `onReact` gets the chosen emoji, or null when it is taken back. */
export function ReactionButton({ emoji, onReact }: { emoji: string | null; onReact: (emoji: string | null) => void }) {
  const { anchor, button, panel, close } = useFloating("left");
  const choose = (chosen: string) => {
    onReact(chosen === emoji ? null : chosen);
    close();
  };
  return (
    <span ref={anchor} className={styles.anchor}>
      {emoji ? (
        <button type="button" className={styles.chosen} aria-label={`Your reaction: ${emoji}. Change it`} {...button}>
          {emoji}
        </button>
      ) : (
        <IconButton small icon="react" label="React" {...button} />
      )}
      <div className={styles.reactions} role="group" aria-label="Reactions" {...panel}>
        {REACTIONS.map(([each, name]) => (
          <button
            key={each}
            type="button"
            title={name}
            aria-label={name}
            aria-pressed={each === emoji}
            onClick={() => choose(each)}
          >
            {each}
          </button>
        ))}
      </div>
    </span>
  );
}
