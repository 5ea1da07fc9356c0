/** One version: what differs in it from another one, and the way back to it. */
import { useState } from "react";
import type { ResourceFields, ResourceVersion } from "../api/types";
import { Button } from "../kit/Button";
import { Dialog } from "../kit/Dialog";
import { SelectField } from "../kit/Field";
import { Failure, Loading } from "../kit/states";
import { Differences } from "./Differences";
import { type Named, useDifferences, useRestore } from "./queries";
import { isWhole, whatChanged, whoAndWhen } from "./words";
import styles from "./Versions.module.css";

interface VersionDialogProps {
  of: Named;
  version: ResourceVersion;
  all: ResourceVersion[];
  /** Where somebody may restore it, what is said of that; null where nobody can. */
  restoring: string | null;
  onRestored: (resource: ResourceFields) => void;
  onClose: () => void;
}

export function VersionDialog({ of, version, all, restoring, onRestored, onClose }: VersionDialogProps) {
  const whole = all.filter((each) => isWhole(each) && each.version !== version.version);
  const before = whole.find((each) => each.version < version.version);
  const [against, setAgainst] = useState(before ? String(before.version) : "");
  const differences = useDifferences(of, version.version, against ? Number(against) : null);
  const restore = useRestore(of);
  const onRestore = () =>
    restore.mutate(version.version, {
      onSuccess: ({ after }) => {
        onRestored(after as ResourceFields);
        onClose();
      },
    });
  return (
    <Dialog
      title={`Version ${version.version} of ${of.name}`}
      width="wide"
      back="Close"
      action={
        restoring !== null && (
          <Button look="main" icon="again" disabled={restore.isPending} onClick={onRestore}>
            Restore version {version.version}
          </Button>
        )
      }
      error={restore.error}
      onClose={onClose}
    >
      <div className={styles.compared}>
        <p className={styles.note}>
          {whatChanged(version)}. {whoAndWhen(version)}
        </p>
        <SelectField label="Compared with" at="against" value={against} onValue={setAgainst}>
          {!before && <option value="">{beforeIt(differences.data?.against)}</option>}
          {whole.map((each) => (
            <option key={each.version} value={each.version}>
              version {each.version}
              {each === all[0] ? ", the present one" : each === before ? ", the one before" : ""}
            </option>
          ))}
        </SelectField>
        {differences.isPending && <Loading label="Comparing" rows={3} />}
        {differences.isError && <Failure error={differences.error} onRetry={() => void differences.refetch()} />}
        {differences.isSuccess && <Differences found={differences.data.differences} />}
        {restoring !== null && <p className={styles.note}>{restoring}</p>}
      </div>
    </Dialog>
  );
}

/** Of one that came before what is listed here only its number is known, once it is compared with. */
function beforeIt(number: number | null | undefined): string {
  if (number === undefined) return "the one before";
  return number === null ? "nothing: none is known before it" : `version ${number}, the one before`;
}
