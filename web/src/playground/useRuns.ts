/** The runs of one screen; leaving it stops them. */
import { useEffect, useState, useSyncExternalStore } from "react";
import { api, bodyOf } from "../api/client";
import { openEvents } from "../api/stream";
import type { Run } from "./run";
import { Runs } from "./runs";

const FORWARDED = ["cache-control", "anthropic-beta", "x-stoa-tags"];
const PATIENCE_S = 5;

function newRuns(): Runs {
  return new Runs({
    open: ({ form, headers, body }, signal) => {
      const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => FORWARDED.includes(name)));
      return openEvents(`/api/playground/${form}`, { text: body, headers: sent, signal });
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
