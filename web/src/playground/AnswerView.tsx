/** The answer as a person reads it: text, thoughts, calls of tools, or what went wrong. */
import { Button } from "../kit/Button";
import { Verification } from "../conversations/Verification";
import { Markdown } from "../markdown/Markdown";
import { marksOf } from "../markdown/verification";
import { type Run, isUnderWay } from "./run";
import { JsonText } from "./JsonText";
import { isJson, pretty } from "./text";
import styles from "./AnswerView.module.css";

const ENDS = new Set(["stop", "end_turn", "completed", "tool_calls", "tool_use"]);

export function AnswerView({ run, onContinue }: { run: Run | undefined; onContinue: ((answer: string) => void) | null }) {
  if (!run) return <p className={styles.quiet}>The answer appears here.</p>;
  const { answer } = run;
  const error = run.error ?? answer.error ?? (run.phase === "failed" ? run.raw || "There is no answer." : null);
  const isOver = !isUnderWay(run);
  const isCited = (n: number) => answer.citations.some((each) => each.n === n);
  return (
    <div className={styles.answer}>
      {answer.reasoning && (
        <details className={styles.thoughts} open={!answer.text}>
          <summary>Thoughts</summary>
          <p>{answer.reasoning}</p>
        </details>
      )}
      {answer.text &&
        (isOver && isJson(answer.text) ? (
          <JsonText text={pretty(answer.text)} label="The answer" />
        ) : (
          <div className={isOver ? undefined : styles.writing}>
            <Markdown text={answer.text} isCited={isCited} marks={marksOf(answer.text, answer.verification ?? [], isCited)} />
          </div>
        ))}
      {answer.verification && <Verification sentences={answer.verification} />}
      {answer.toolCalls.map((call, i) => (
        <figure key={i} className={styles.call}>
          <figcaption>
            calls <code>{call.name}</code>
          </figcaption>
          <JsonText text={pretty(call.arguments)} label={`Arguments of ${call.name}`} />
        </figure>
      ))}
      {answer.citations.length > 0 && (
        <ol className={styles.sources} aria-label="Sources">
          {answer.citations.map(({ n, title, page }) => (
            <li key={n}>
              <span>{n}</span> {title}
              {page !== null && `, page ${page}`}
            </li>
          ))}
        </ol>
      )}
      {error !== null && (
        <div role="alert" className={styles.failed}>
          {error}
        </div>
      )}
      {run.phase === "asking" && !error && <p className={styles.quiet}>Waiting for the first token…</p>}
      {run.phase === "finished" && !answer.text && answer.toolCalls.length === 0 && (
        <p className={styles.quiet}>The answer has no text. The raw response shows what came.</p>
      )}
      {run.phase === "stopped" && <p className={styles.quiet}>Stopped here.</p>}
      {isOver && answer.finish && !ENDS.has(answer.finish) && (
        <p className={styles.quiet}>It ended because of: {answer.finish}</p>
      )}
      {isOver && answer.text && onContinue && (
        <Button className={styles.on} icon="comment" onClick={() => onContinue(answer.text)}>
          Go on from here
        </Button>
      )}
    </div>
  );
}
