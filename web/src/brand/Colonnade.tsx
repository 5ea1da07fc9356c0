/** The porch that greets: columns in perspective of light, a painted frieze above. Decoration only. */
import styles from "./Colonnade.module.css";

const COLUMNS = 9;
const STEP = 60;
const WIDTH = STEP * COLUMNS;
const PIGMENTS = ["var(--blue)", "var(--ochre)", "var(--cinnabar)", "var(--malachite)"];

export function Colonnade() {
  return (
    <svg className={styles.colonnade} viewBox={`0 0 ${WIDTH} 118`} aria-hidden="true">
      <path d={`M0 4.500h${WIDTH}`} className={styles.line} />
      {Array.from({ length: COLUMNS * 2 }, (_, i) => (
        <rect key={i} x={i * (STEP / 2) + 5} y="10" width={STEP / 2 - 10} height="6" fill={PIGMENTS[i % PIGMENTS.length]} />
      ))}
      <path d={`M0 21.500h${WIDTH}`} className={styles.line} />
      {Array.from({ length: COLUMNS }, (_, i) => (
        <Column key={i} x={i * STEP + STEP / 2} />
      ))}
      <path d={`M0 110.500h${WIDTH}M0 115.500h${WIDTH}`} className={styles.line} />
    </svg>
  );
}

function Column({ x }: { x: number }) {
  const flutes = [-4, 0, 4].map((dx) => `M${x + dx} 33V104`).join("");
  return (
    <g className={styles.line}>
      <path d={`M${x - 12} 25.500h24M${x - 9} 29.500h18M${x - 8} 30V106M${x + 8} 30V106M${x - 11} 106.500h22`} />
      <path d={flutes} className={styles.flute} />
    </g>
  );
}
