/** Bars for days. The picture has one label; the numbers are read from the table beside it. */
import type { UsageBucket } from "../api/types";
import { formatDay } from "../kit/format";
import { type Metric, roundTop } from "./metrics";
import styles from "./DayChart.module.css";

const WIDTH = 900;
const HEIGHT = 220;
const LEFT = 62;
const BOTTOM = 24;
const TOP = 8;
const LINES = 4;
const LABELS = 6;

export function DayChart({ days, metric }: { days: UsageBucket[]; metric: Metric }) {
  const top = roundTop(Math.max(...days.map(metric.value)));
  const tall = HEIGHT - BOTTOM - TOP;
  const step = (WIDTH - LEFT) / days.length;
  const every = Math.ceil(days.length / LABELS);
  const highest = days.reduce((best, day) => (metric.value(day) > metric.value(best) ? day : best));
  return (
    <div className={styles.scroll}>
      <svg
        className={styles.chart}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${metric.name} by day over ${days.length} days. Highest on ${formatDay(highest.bucket ?? "")}: ${metric.text(highest)}.`}
      >
        {Array.from({ length: LINES + 1 }, (_, i) => {
          const y = TOP + (tall * i) / LINES;
          return (
            <g key={i}>
              <line x1={LEFT} x2={WIDTH} y1={y} y2={y} className={i === LINES ? styles.base : styles.grid} />
              <text x={LEFT - 8} y={y + 4} className={styles.value}>
                {metric.axis((top * (LINES - i)) / LINES)}
              </text>
            </g>
          );
        })}
        {days.map((day, i) => {
          const height = (tall * metric.value(day)) / top;
          const x = LEFT + i * step;
          const name = formatDay(day.bucket ?? "");
          return (
            <g key={day.bucket} className={styles.day}>
              <rect x={x} y={TOP} width={step} height={tall} fill="transparent" />
              <rect x={x + step * 0.16} y={TOP + tall - height} width={step * 0.68} height={height} className={styles.bar} rx={Math.min(2, step / 6)} />
              {i % every === 0 && (
                <text x={x + step / 2} y={HEIGHT - 6} className={styles.name}>
                  {name}
                </text>
              )}
              <title>{`${name}: ${metric.text(day)}`}</title>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
