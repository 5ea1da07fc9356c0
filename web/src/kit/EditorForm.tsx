/** The form of a resource. What is refused comes into view and under the hand: the first field that is wrong. */
import { type ReactNode, useEffect, useRef } from "react";

interface EditorFormProps {
  label?: string;
  /** What was refused last. */
  error: unknown;
  className?: string;
  onSubmit: () => void;
  children: ReactNode;
}

export function EditorForm({ label, error, className, onSubmit, children }: EditorFormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [error]);
  return (
    <form
      ref={form}
      className={className}
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}
