import { useEffect, useState } from "react";
import { useDebounced } from "../kit/useDebounced";
import { Choice } from "../usage/Choice";
import { type Filter, SPANS, STATUSES } from "./filter";
import styles from "./Filters.module.css";

const REST_MS = 300;

export function Filters({ filter, onChange }: { filter: Filter; onChange: (change: Partial<Filter>) => void }) {
  return (
    <div className={styles.filters} role="search" aria-label="Requests">
      <Choice label="How it ended" choices={STATUSES} chosen={filter.status} onChoose={(status) => onChange({ status })} />
      <Choice label="Time" choices={SPANS} chosen={filter.since} onChoose={(since) => onChange({ since })} />
      <div className={styles.fields}>
        <Typed
          label="Find an id, a model, a provider or an error"
          placeholder="Id, model, provider or error"
          value={filter.text}
          onValue={(text) => onChange({ text })}
        />
        <Typed label="Model" placeholder="Model or route" value={filter.model} onValue={(model) => onChange({ model })} />
        <Typed label="Team" placeholder="Team" value={filter.team} onValue={(team) => onChange({ team })} />
        <Typed
          label="At least so many milliseconds"
          placeholder="Slower than, ms"
          inputMode="numeric"
          value={filter.slow}
          onValue={(slow) => onChange({ slow })}
        />
      </div>
    </div>
  );
}

interface TypedProps {
  label: string;
  placeholder: string;
  value: string;
  inputMode?: "numeric";
  onValue: (value: string) => void;
}

/** What is typed counts once the hand rests. */
function Typed({ label, placeholder, value, inputMode, onValue }: TypedProps) {
  const [typed, setTyped] = useState(value);
  const rested = useDebounced(typed, REST_MS);
  useEffect(() => {
    if (rested !== value) onValue(rested);
    // Only when the hand rests: what comes from outside is no typing.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [rested]);
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={placeholder}
      inputMode={inputMode}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
    />
  );
}
