import { type ChangeEvent, useRef, useState } from "react";
import { messageOf } from "../api/errors";
import type { Collection, Job } from "../api/types";
import { Button, IconButton } from "../kit/Button";
import { Icon } from "../kit/Icon";
import { formatBytes, plural } from "../kit/format";
import { useSession } from "../session/queries";
import { Progress } from "./Progress";
import { upload } from "./upload";
import styles from "./AddFiles.module.css";

interface AddFilesProps {
  collection: Collection;
  files: File[];
  onFiles: (files: File[]) => void;
  onStarted: (job: Job) => void;
}

export function AddFiles({ collection, files, onFiles, onStarted }: AddFilesProps) {
  const chooser = useRef<HTMLInputElement>(null);
  const [groups, setGroups] = useState("");
  const [sent, setSent] = useState<number | null>(null);
  const [error, setError] = useState<string | null>(null);
  const { data: session } = useSession();

  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    onFiles([...files, ...Array.from(event.target.files ?? [])]);
    event.target.value = "";
  };
  const send = async () => {
    setError(null);
    setSent(0);
    try {
      const { job } = await upload({ collection: collection.name, files, groups, onProgress: setSent });
      onFiles([]);
      onStarted(job);
    } catch (failure) {
      setError(messageOf(failure));
    } finally {
      setSent(null);
    }
  };

  return (
    <div className={styles.add}>
      <input ref={chooser} type="file" multiple hidden aria-label="Files to add" onChange={choose} />
      <div className={styles.invite}>
        <Icon name="upload" />
        <p>
          Add PDF, Word, PowerPoint, Excel, HTML, Markdown, text, CSV or code
          <span className={styles.drop}>: drop files anywhere here</span>.
        </p>
        <Button disabled={sent !== null} onClick={() => chooser.current?.click()}>
          Choose files
        </Button>
      </div>
      {files.length > 0 && (
        <div className={styles.chosen}>
          <ul aria-label="Files to add">
            {files.map((file, i) => (
              <li key={`${file.name}-${i}`}>
                <span className={styles.file}>{file.name}</span>
                <span>{formatBytes(file.size)}</span>
                <IconButton
                  small
                  icon="close"
                  label={`Leave out ${file.name}`}
                  disabled={sent !== null}
                  onClick={() => onFiles(files.filter((each) => each !== file))}
                />
              </li>
            ))}
          </ul>
          <div className={styles.send}>
            <label htmlFor="groups">Only for the groups</label>
            <input
              id="groups"
              list="groups-known"
              value={groups}
              placeholder={`all of team ${collection.team}`}
              aria-describedby="groups-hint"
              onChange={(event) => setGroups(event.target.value)}
            />
            <datalist id="groups-known">
              {session?.user.groups.map((group) => (
                <option key={group} value={group} />
              ))}
            </datalist>
            <Button look="main" disabled={sent !== null} onClick={() => void send()}>
              Add {plural(files.length, "file")}
            </Button>
            <p id="groups-hint">Separated by commas. Left empty, everybody in team {collection.team} may read them.</p>
          </div>
          {sent !== null && <Progress label="Sending the files" part={sent} />}
        </div>
      )}
      {error && (
        <p role="alert" className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}
