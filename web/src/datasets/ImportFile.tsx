/** Lines of a file on their way in: all of them, or, once it was told which are wrong, those that are right. */
import { useRef, useState } from "react";
import { ApiError, messageOf } from "../api/errors";
import { Button } from "../kit/Button";
import { plural } from "../kit/format";
import styles from "./Datasets.module.css";
import { useImport } from "./queries";

export function ImportFile({ name }: { name: string }) {
  const chooser = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const put = useImport(name);
  const send = (chosen: File, partly: boolean) => put.mutate({ file: chosen, partly });
  const someWrong = put.error instanceof ApiError && put.error.code === "bad_lines";
  return (
    <div className={styles.import}>
      <input
        ref={chooser}
        type="file"
        className="unseen"
        aria-label="A file of JSON lines"
        accept=".jsonl,.ndjson,.json"
        tabIndex={-1}
        onChange={(event) => {
          const chosen = event.target.files?.[0] ?? null;
          event.target.value = "";
          setFile(chosen);
          if (chosen) send(chosen, false);
        }}
      />
      <Button icon="upload" disabled={put.isPending} onClick={() => chooser.current?.click()}>
        {put.isPending ? "Importing" : "Import lines"}
      </Button>
      {put.isSuccess && (
        <p role="status">
          {plural(put.data.added, "example")} added
          {put.data.faults.length > 0 && `, ${plural(put.data.faults.length, "line")} left out`}.
        </p>
      )}
      {put.isError && (
        <div role="alert" className={styles.wrong}>
          <p>{messageOf(put.error)}</p>
          {someWrong && file && <Button onClick={() => send(file, true)}>Take the others</Button>}
        </div>
      )}
    </div>
  );
}
