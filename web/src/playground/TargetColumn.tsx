/** One target: who it is, what its answer took, the answer itself and what went over the wire. */
import { useId, useState } from "react";
import type { Catalog } from "../api/types";
import { ModelChooser, titleOf } from "../conversations/ModelChooser";
import { IconButton } from "../kit/Button";
import { AnswerView } from "./AnswerView";
import { CopyMenu } from "./CopyMenu";
import { RawRequest } from "./RawRequest";
import { RawResponse } from "./RawResponse";
import { Strip } from "./Strip";
import { TABS, type Tab, Tabs } from "./Tabs";
import { type Run, isUnderWay } from "./run";
import type { Asked } from "./snippets";
import styles from "./TargetColumn.module.css";

interface TargetColumnProps {
  place: number;
  catalog: Catalog | undefined;
  model: string;
  run: Run | undefined;
  /** What would be asked now; null while the request is not whole. */
  asked: Asked | null;
  onModel: (model: string) => void;
  onRun: () => void;
  onStop: () => void;
  /** Goes on from an answer; null where that cannot be. */
  onContinue: ((answer: string) => void) | null;
  onRemove: (() => void) | null;
}

export function TargetColumn(props: TargetColumnProps) {
  const { place, catalog, model, run, asked, onModel, onRun, onStop, onContinue, onRemove } = props;
  const [tab, setTab] = useState<Tab>("answer");
  const id = useId();
  const name = titleOf(catalog, run?.model ?? model);
  const isRunning = isUnderWay(run);

  return (
    <article className={styles.column} aria-label={`Target ${place}`} aria-busy={isRunning}>
      <header className={styles.head}>
        <ModelChooser catalog={catalog} model={model} onChoose={onModel} />
        {isRunning ? (
          <IconButton small icon="stop" label={`Stop ${name}`} onClick={onStop} />
        ) : (
          <IconButton small icon="play" label={`Run ${name} alone`} disabled={asked === null} onClick={onRun} />
        )}
        <CopyMenu asked={asked ?? run?.asked ?? null} />
        {onRemove && <IconButton small icon="close" label={`Take target ${place} away`} onClick={onRemove} />}
      </header>
      <Strip run={run} />
      <Tabs id={id} chosen={tab} onChoose={setTab} />
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-label={TABS.find((each) => each.id === tab)?.name}
        tabIndex={0}
        className={styles.panel}
      >
        {tab === "answer" && <AnswerView run={run} onContinue={onContinue} />}
        {tab === "request" && <RawRequest asked={run?.asked ?? asked} />}
        {tab === "response" && <RawResponse run={run} />}
      </div>
    </article>
  );
}
