/** The runs of one screen; leaving it stops them. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { api, bodyOf } from "../api/client";
import { openEvents } from "../api/stream";
import type { Run } from "./run";
import { Runs } from "./runs";
import type { Asked } from "./snippets";

const FORWARDED = ["cache-control", "anthropic-beta", "x-stoa-tags"];
const PATIENCE_S = 5;

/** The route of the API that asks for the page, and tells what happens. */
const urlOf = ({ form, path }: Asked): string => (path.startsWith("/api/") ? path : `/api/playground/${form}`);

function newRuns(): Runs {
  return new Runs({
    open: (asked, signal) => {
      const { headers, body } = asked;
      const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => FORWARDED.includes(name)));
      return openEvents(urlOf(asked), { text: body, headers: sent, signal });
    },
    account: (id) => bodyOf(api.GET("/api/usage/requests/{id}", { params: { path: { id }, query: { wait_s: PATIENCE_S } } })),
    now: () => performance.now(),
    nextFrame: (then) => void requestAnimationFrame(then),
  });
}

export function useRuns(): [Runs, ReadonlyMap<string, Run>] {
  const [runs] = useState(newRuns);
  useEffect(() => () => runs.stopAll(), [runs]);
  return [runs, useSyncExternalStore(runs.subscribe, runs.all)];
}
