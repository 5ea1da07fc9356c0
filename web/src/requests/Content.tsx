/** What was asked and answered, where the team keeps it: fetched on purpose alone, since reading it is recorded. */
import { useState } from "react";
import { useLocation } from "wouter";
import type { TraceContent, UsageRequest } from "../api/types";
import { Button } from "../kit/Button";
import { Failure, Loading } from "../kit/states";
import { AddToDataset } from "../datasets/AddToDataset";
import { openInPlayground } from "../playground/usePlayground";
import { useRights, useSession } from "../session/queries";
import { draftOf } from "./again";
import { contentOf, useContent } from "./queries";
import detail from "./RequestDetail.module.css";
import styles from "./Content.module.css";

const NOT_KEPT = {
  none: "Nothing is kept: the team does not keep what is asked and answered, or it is past its time.",
  erased: "It was erased: nobody can read it any more.",
};

export function Content({ request }: { request: UsageRequest }) {
  const [wanted, setWanted] = useState(false);
  const content = useContent(request.id, wanted);
  const { data: session } = useSession();
  const [adding, setAdding] = useState(false);
  const { fill_datasets: mayAdd } = useRights();
  const [, navigate] = useLocation();
  const tryAgain = async () => {
    const kept = await contentOf(request.id).catch(() => null);
    openInPlayground(session?.user.id ?? "", draftOf(kept), request.requested);
    navigate("/playground");
  };

  return (
    <section className={detail.section} aria-labelledby="content">
      <h2 id="content">What was asked and answered</h2>
      <div className={styles.buttons}>
        {!wanted && <Button onClick={() => setWanted(true)}>Show it</Button>}
        {request.operation === "chat" && (
          <Button icon="playground" onClick={() => void tryAgain()}>
            Open in playground
          </Button>
        )}
        {request.operation === "chat" && mayAdd && (
          <Button icon="add" onClick={() => setAdding(true)}>
            Add to dataset
          </Button>
        )}
      </div>
      {adding && <AddToDataset request={request} onClose={() => setAdding(false)} />}
      {!wanted && <p className={styles.note}>That it is read is recorded.</p>}
      {content.isLoading && <Loading label="Loading what was asked" rows={4} />}
      {content.isError && <Failure error={content.error} />}
      {content.data && <Kept content={content.data} />}
    </section>
  );
}

function Kept({ content }: { content: TraceContent }) {
  if (content.state !== "stored") return <p className={styles.note}>{NOT_KEPT[content.state]}</p>;
  const { messages, request, answer, cut, masked } = content;
  return (
    <>
      {masked && <p className={styles.note}>Guardrails have masked something in it.</p>}
      {cut && <p className={styles.note}>It was large: only the beginning is kept.</p>}
      {messages ? (
        <ol className={styles.messages}>
          {messages.map((message, i) => (
            <li key={i}>
              <span className={styles.role}>{textOf(message["role"])}</span>
              <pre className={styles.text} tabIndex={0}>
                {textOf(message["content"])}
              </pre>
            </li>
          ))}
        </ol>
      ) : (
        <>
          <pre className={styles.text} tabIndex={0} role="region" aria-label="Asked">
            {textOf(request)}
          </pre>
          <pre className={styles.text} tabIndex={0} role="region" aria-label="Answered">
            {textOf(answer)}
          </pre>
        </>
      )}
    </>
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? null, null, 2));
