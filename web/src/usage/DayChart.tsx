/** Bars for days. The picture has one label; its numbers are in the table below. */
import { formatDay } from "../kit/format";
import { useWidth } from "../kit/useWidth";
import { marksUpTo } from "./metrics";
import styles from "./DayChart.module.css";

const HEIGHT = 230;
const LEFT = 58;
const BOTTOM = 26;
const TOP = 10;
const TALL = HEIGHT - BOTTOM - TOP;
const NAME_PX = 90;

interface Day {
  /** ISO; null where there is none. */
  bucket: string | null;
}

interface DayMetric<D extends Day> {
  name: string;
  value: (day: D) => number;
  axis: (value: number) => string;
  text: (day: D) => string;
}

export function DayChart<D extends Day>({ days, metric }: { days: D[]; metric: DayMetric<D> }) {
  const { element, width } = useWidth<HTMLDivElement>();
  const marks = marksUpTo(Math.max(...days.map(metric.value)));
  const top = marks.at(-1) ?? 1;
  const highest = days.reduce((best, day) => (metric.value(day) > metric.value(best) ? day : best));
  const label = `${metric.name} by day over ${days.length} days. Highest on ${formatDay(highest.bucket ?? "")}: ${metric.text(highest)}.`;
  return (
    <div ref={element} className={styles.frame}>
      {width > LEFT && (
        <svg className={styles.chart} width={width} height={HEIGHT} role="img" aria-label={label}>
          {marks.map((mark) => {
            const y = TOP + TALL * (1 - mark / top);
            return (
              <g key={mark}>
                <line x1={LEFT} x2={width} y1={y} y2={y} className={mark === 0 ? styles.base : styles.grid} />
                <text x={LEFT - 10} y={y + 4} className={styles.value}>
                  {metric.axis(mark)}
                </text>
              </g>
            );
          })}
          <Bars days={days} metric={metric} top={top} width={width} />
        </svg>
      )}
    </div>
  );
}

interface BarsProps<D extends Day> {
  days: D[];
  metric: DayMetric<D>;
  top: number;
  width: number;
}

function Bars<D extends Day>({ days, metric, top, width }: BarsProps<D>) {
  const step = (width - LEFT) / days.length;
  const every = Math.ceil(NAME_PX / step);
  return days.map((day, i) => {
    const x = LEFT + i * step;
    const height = (TALL * metric.value(day)) / top;
    const name = formatDay(day.bucket ?? "");
    return (
      <g key={day.bucket} className={styles.day}>
        <rect x={x} y={TOP} width={step} height={TALL} fill="transparent" />
        <rect
          x={x + step * 0.15}
          y={TOP + TALL - height}
          width={step * 0.7}
          height={height}
          rx={Math.min(2, step / 6)}
          className={styles.bar}
        />
        {i % every === 0 && (
          <text x={x} y={HEIGHT - 6} className={styles.name}>
            {name}
          </text>
        )}
        <title>{`${name}: ${metric.text(day)}`}</title>
      </g>
    );
  });
}
