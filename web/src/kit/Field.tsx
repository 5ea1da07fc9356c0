/** A field of the form: its label, what it means, and what the API says is wrong with it. */
import { type ComponentProps, type ReactNode, createContext, useContext, useId } from "react";
import { type Mistake, messageAt } from "./mistakes";
import styles from "./Field.module.css";

/** What the API refused last. */
export const MistakeContext = createContext<Mistake | null>(null);

/** What is wrong at a place such as `targets[1].weight`. */
export const useMistakeAt = (at: string): string | null => messageAt(useContext(MistakeContext), at);

interface FieldProps {
  label: string;
  /** The field's name in the resource, where a mistake in it is shown. */
  at: string;
  hint?: string;
  /** The label is read out, not shown: a head above says it. */
  bare?: boolean;
  className?: string;
}

type Control = { id: string; "aria-invalid": boolean | undefined; "aria-describedby": string | undefined };

export function Field({
  label,
  at,
  hint,
  bare = false,
  className,
  children,
}: FieldProps & { children: (control: Control) => ReactNode }) {
  const id = useId();
  const mistake = useMistakeAt(at);
  const told = mistake ?? hint;
  return (
    <div className={[styles.field, className].filter(Boolean).join(" ")}>
      <label htmlFor={id} className={bare ? "unseen" : styles.label}>
        {label}
      </label>
      {children({ id, "aria-invalid": mistake ? true : undefined, "aria-describedby": told ? `${id}-told` : undefined })}
      {told && (
        <p id={`${id}-told`} className={mistake ? styles.mistake : styles.hint}>
          {told}
        </p>
      )}
    </div>
  );
}

type InputProps = FieldProps & { value: string; onValue: (value: string) => void; unit?: string } & Pick<
    ComponentProps<"input">,
    "placeholder" | "required" | "inputMode" | "autoFocus" | "spellCheck"
  >;

export function TextField({ value, onValue, unit, label, at, hint, bare, className, ...rest }: InputProps) {
  return (
    <Field label={label} at={at} hint={hint} bare={bare} className={className}>
      {(control) => (
        <span className={styles.box}>
          <input {...control} {...rest} value={value} autoComplete="off" onChange={(event) => onValue(event.target.value)} />
          {unit && <span className={styles.unit}>{unit}</span>}
        </span>
      )}
    </Field>
  );
}

export const NumberField = (props: InputProps) => <TextField inputMode="decimal" spellCheck={false} {...props} />;

type SelectProps = FieldProps & { value: string; onValue: (value: string) => void; children: ReactNode };

export function SelectField({ value, onValue, children, ...field }: SelectProps) {
  return (
    <Field {...field}>
      {(control) => (
        <select {...control} value={value} onChange={(event) => onValue(event.target.value)}>
          {children}
        </select>
      )}
    </Field>
  );
}

interface CheckProps {
  label: string;
  at: string;
  hint?: string;
  checked: boolean;
  onCheck: (checked: boolean) => void;
}

export function CheckField({ label, at, hint, checked, onCheck }: CheckProps) {
  const id = useId();
  const { field, message } = useContext(MistakeContext) ?? {};
  const mistake = field === at ? message : undefined;
  const told = mistake ?? hint;
  return (
    <div className={styles.check}>
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-invalid={mistake ? true : undefined}
        aria-describedby={told ? `${id}-told` : undefined}
        onChange={(event) => onCheck(event.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {told && (
        <p id={`${id}-told`} className={mistake ? styles.mistake : styles.hint}>
          {told}
        </p>
      )}
    </div>
  );
}
