/** What a type of source is told, and what lets it in. */
import { Field, SelectField, TextField } from "../kit/Field";
import type { FieldOf, TypeOf } from "./draft";
import styles from "./Sources.module.css";

type Values = Record<string, string>;

interface OriginFieldsProps {
  type: TypeOf;
  origin: Values;
  credentials: Values;
  onOrigin: (values: Values) => void;
  onCredentials: (values: Values) => void;
}

export function OriginFields({ type, origin, credentials, onOrigin, onCredentials }: OriginFieldsProps) {
  return (
    <>
      {type.fields.length > 0 && (
        <fieldset className={styles.group}>
          <legend>Where</legend>
          <div className={styles.fields}>
            {type.fields.map((field) => (
              <One key={field.id} field={field} at={`origin.${field.id}`} values={origin} onValues={onOrigin} />
            ))}
          </div>
        </fieldset>
      )}
      {type.credentials.length > 0 && (
        <fieldset className={styles.group}>
          <legend>Let in by</legend>
          <div className={styles.fields}>
            {type.credentials.map((field) => (
              <One
                key={field.id}
                field={field}
                at={`credentials.${field.id}`}
                values={credentials}
                onValues={onCredentials}
                isSecret={field.id !== "username" && field.id !== "access_key_id"}
              />
            ))}
          </div>
        </fieldset>
      )}
    </>
  );
}

interface OneProps {
  field: FieldOf;
  at: string;
  values: Values;
  onValues: (values: Values) => void;
  isSecret?: boolean;
}

function One({ field, at, values, onValues, isSecret = false }: OneProps) {
  const { id, label, hint, placeholder, required, kind, choices } = field;
  const value = values[id] ?? "";
  const onValue = (text: string) => onValues({ ...values, [id]: text });
  if (kind === "choice") {
    return (
      <SelectField label={label} at={at} hint={hint} value={value || (choices?.[0]?.[0] ?? "")} onValue={onValue}>
        {choices?.map(([choice, name]) => (
          <option key={choice} value={choice}>
            {name}
          </option>
        ))}
      </SelectField>
    );
  }
  if (kind === "long" || kind === "pairs" || isSecret) {
    return (
      <Field label={label} at={at} hint={hint} className={isSecret ? undefined : styles.wide}>
        {(control) =>
          isSecret ? (
            <input
              {...control}
              type="password"
              autoComplete="new-password"
              placeholder={placeholder}
              required={required}
              value={value}
              onChange={(event) => onValue(event.target.value)}
            />
          ) : (
            <textarea
              {...control}
              rows={3}
              spellCheck={false}
              placeholder={placeholder}
              required={required}
              value={value}
              onChange={(event) => onValue(event.target.value)}
            />
          )
        }
      </Field>
    );
  }
  return (
    <TextField
      label={label}
      at={at}
      hint={kind === "list" ? (hint ?? "Names between commas.") : hint}
      placeholder={placeholder}
      required={required}
      inputMode={kind === "number" ? "decimal" : undefined}
      spellCheck={false}
      value={value}
      onValue={onValue}
    />
  );
}
