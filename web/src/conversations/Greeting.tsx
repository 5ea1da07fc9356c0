/** What somebody sees before the first question: the porch, and three questions that have an answer. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Colonnade } from "../brand/Colonnade";
import type { Catalog } from "../api/types";
import { Empty, Failure } from "../kit/states";
import styles from "./Greeting.module.css";

const EXAMPLES = 3;

interface GreetingProps {
  catalog: UseQueryResult<Catalog>;
  model: string;
  onAsk: (question: string) => void;
}

export function Greeting({ catalog, model, onAsk }: GreetingProps) {
  const assistants = catalog.data?.assistants ?? [];
  const assistant = assistants.find((each) => each.model === model);
  const isEmpty = catalog.data && assistants.length === 0 && catalog.data.models.length === 0;
  return (
    <div className={styles.scroll}>
      <div className={styles.greeting}>
        <Colonnade />
        <div className={styles.words}>
          <h1>What would you like to know?</h1>
          <p>
            {assistant
              ? assistant.description || "Answers come from the documents, each with its source."
              : "You are asking a model by itself. Choose an assistant for answers from documents."}
          </p>
        </div>
        {catalog.isError && <Failure error={catalog.error} onRetry={() => void catalog.refetch()} />}
        {isEmpty && (
          <Empty title="There is nobody to ask yet">
            <p>An administrator can add an assistant or a model: stoa apply</p>
          </Empty>
        )}
        <ul className={styles.examples} aria-label="Examples">
          {assistant?.examples.slice(0, EXAMPLES).map((question) => (
            <li key={question}>
              <button type="button" onClick={() => onAsk(question)}>
                {question}
              </button>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}
