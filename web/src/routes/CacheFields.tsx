/** Which answers of a route are kept, for how long, and for whom. */
import { CheckField, NumberField, SelectField } from "../kit/Field";
import { CACHE, type DraftCache, saysTimeAlone } from "./draft";

interface CacheFieldsProps {
  cache: DraftCache | null;
  onCache: (cache: DraftCache | null) => void;
}

export function CacheFields({ cache, onCache }: CacheFieldsProps) {
  const change = (fields: Partial<DraftCache>) => onCache({ ...CACHE, ...cache, ...fields });
  return (
    <>
      <CheckField label="Keep answers" at="cache" checked={cache !== null} onCheck={(kept) => onCache(kept ? CACHE : null)} />
      {cache && (
        <>
          <NumberField
            label="For"
            at={saysTimeAlone(cache) ? "cache_ttl_s" : "cache.ttl_s"}
            unit="s"
            value={cache.ttl_s}
            onValue={(ttl_s) => change({ ttl_s })}
          />
          <NumberField
            label="Up to a temperature of"
            at="cache.max_temperature"
            hint="A warmer request wants another answer each time."
            value={cache.max_temperature}
            onValue={(max_temperature) => change({ max_temperature })}
          />
          <SelectField
            label="Given to"
            at="cache.shared"
            hint="In a team: whoever has the same rights."
            value={cache.shared}
            onValue={(shared) => change({ shared: shared as DraftCache["shared"] })}
          >
            <option value="team">the team</option>
            <option value="key">the same caller</option>
          </SelectField>
        </>
      )}
    </>
  );
}
