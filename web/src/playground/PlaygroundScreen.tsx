/** One request to several targets side by side. */
import { type KeyboardEvent, useRef, useState } from "react";
import { useCatalog } from "../conversations/queries";
import { useEscapeToStop } from "../conversations/useEscapeToStop";
import { Button } from "../kit/Button";
import { Failure } from "../kit/states";
import { useSession } from "../session/queries";
import { askedOf } from "./asked";
import { TargetColumn } from "./TargetColumn";
import { RequestPane } from "./RequestPane";
import { compose } from "./compose";
import { type Draft, continued } from "./draft";
import { isUnderWay } from "./run";
import { type Column, MOST_COLUMNS, modelOf, newColumn, usePlayground } from "./usePlayground";
import { useRuns } from "./useRuns";
import styles from "./PlaygroundScreen.module.css";

export default function PlaygroundScreen() {
  const { data: session } = useSession();
  return <Playground key={session?.user.id} userId={session?.user.id ?? ""} />;
}

function Playground({ userId }: { userId: string }) {
  const { data: catalog, isError, error, refetch } = useCatalog();
  const [{ draft, columns }, change] = usePlayground(userId);
  const [runs, shown] = useRuns();
  const [attempted, setAttempted] = useState(false);
  const results = useRef<HTMLElement>(null);
  const composed = compose(draft);
  const isRunning = columns.some(({ id }) => isUnderWay(shown.get(id)));

  const onDraft = (next: Draft | ((draft: Draft) => Draft)) => {
    setAttempted(false);
    change((held) => ({ ...held, draft: typeof next === "function" ? next(held.draft) : next }));
  };
  const onColumns = (next: (columns: Column[]) => Column[]) => change((held) => ({ ...held, columns: next(held.columns) }));

  const run = (only?: string) => {
    setAttempted(!composed.ok);
    if (!composed.ok) return;
    for (const column of columns) {
      const model = modelOf(columns, column, catalog);
      if (model && (only ?? column.id) === column.id) void runs.start(column.id, askedOf(draft, composed.body, model), model);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.nativeEvent.isComposing) return;
    event.preventDefault();
    run();
  };
  useEscapeToStop(isRunning, () => runs.stopAll());

  return (
    <div className={styles.screen} onKeyDown={onKeyDown}>
      <RequestPane
        draft={draft}
        problems={composed.ok ? [] : composed.problems}
        attempted={attempted}
        isRunning={isRunning}
        onDraft={onDraft}
        onRun={() => {
          run();
          // On a phone they stand below the request.
          if (composed.ok && matchMedia("(max-width: 900px)").matches) results.current?.scrollIntoView({ behavior: "smooth" });
        }}
        onStop={() => runs.stopAll()}
      />
      <section ref={results} className={styles.results} aria-label="Targets">
        {isError && <Failure error={error} onRetry={() => void refetch()} />}
        <div className={styles.columns}>
          {columns.map((column, i) => {
            const model = modelOf(columns, column, catalog);
            return (
              <TargetColumn
                key={column.id}
                place={i + 1}
                catalog={catalog}
                model={model}
                run={shown.get(column.id)}
                asked={composed.ok && model ? askedOf(draft, composed.body, model) : null}
                onModel={(chosen) =>
                  onColumns((all) => all.map((each) => (each.id === column.id ? { ...each, model: chosen } : each)))
                }
                onRun={() => run(column.id)}
                onStop={() => runs.stop(column.id)}
                onContinue={draft.raw === null ? (answer) => onDraft((held) => continued(held, answer)) : null}
                onRemove={
                  columns.length > 1
                    ? () => {
                        runs.drop(column.id);
                        onColumns((all) => all.filter(({ id }) => id !== column.id));
                      }
                    : null
                }
              />
            );
          })}
        </div>
        {columns.length < MOST_COLUMNS && (
          <Button className={styles.add} icon="add" onClick={() => onColumns((all) => [...all, newColumn()])}>
            <span>Add a target</span>
          </Button>
        )}
      </section>
    </div>
  );
}
