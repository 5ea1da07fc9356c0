import { useEffect, useEffectEvent, useState } from "react";
import { openEvents } from "../api/stream";
import type { Job } from "../api/types";

const AGAIN_MS = 2000;

/** The job as it is now, live until it has ended; a stream that breaks is opened again. */
export function useFollowedJob(first: Job, onEnd: (job: Job) => void): Job {
  const [job, setJob] = useState(first);
  const ended = useEffectEvent(onEnd);
  const isOpen = !first.ended_at;

  useEffect(() => {
    if (!isOpen) return;
    const abort = new AbortController();
    let again: ReturnType<typeof setTimeout> | undefined;
    const follow = async () => {
      try {
        for await (const event of openEvents(`/api/jobs/${first.id}/events`, { signal: abort.signal })) {
          if (event.event !== "progress") continue;
          const now = JSON.parse(event.data) as Job;
          setJob(now);
          if (now.ended_at) {
            ended(now);
            return;
          }
        }
      } catch {
        if (abort.signal.aborted) return;
      }
      again = setTimeout(() => void follow(), AGAIN_MS);
    };
    void follow();
    return () => {
      abort.abort();
      clearTimeout(again);
    };
  }, [first.id, isOpen]);

  return job;
}
