/** Which routes send requests to a model: as target, as fallback or as shadow. */
import type { ResourceFields } from "../api/types";

export function routesByModel(routes: ResourceFields[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const route of routes) {
    const named = [route.targets, route.fallback, [route.shadow]].flat().map(modelOf);
    for (const model of new Set(named)) {
      if (model) found.set(model, [...(found.get(model) ?? []), route.name]);
    }
  }
  return found;
}

function modelOf(place: unknown): string | null {
  if (typeof place === "string") return place;
  const model = (place as { model?: unknown } | null | undefined)?.model;
  return typeof model === "string" ? model : null;
}
