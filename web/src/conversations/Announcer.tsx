/** Reads an answer that is being written to those who listen: whole sentences, politely, as they come. Looks like nothing. */
import { useEffect, useRef } from "react";
import type { Message } from "../api/types";
import { nextSentences } from "../live/announcement";

const SAID_MS = 10_000;

export function Announcer({ message }: { message: Message | undefined }) {
  const region = useRef<HTMLDivElement>(null);
  const heard = useRef({ id: "", upTo: 0 });

  useEffect(() => {
    if (message?.role !== "assistant") return;
    const isWriting = message.state === "streaming";
    if (isWriting && heard.current.id !== message.id) {
      heard.current = { id: message.id, upTo: 0 };
      region.current?.replaceChildren();
    }
    if (heard.current.id !== message.id) return;
    const { say: sentences, upTo } = nextSentences(message.content, heard.current.upTo, !isWriting);
    say(region.current, sentences);
    heard.current.upTo = upTo;
    if (isWriting) return;
    say(region.current, message.state === "stopped" ? "The answer was stopped." : "End of the answer.");
    heard.current.id = "";
    // Said is said: what stayed here would be met a second time by those who walk through the page.
    const timer = setTimeout(() => region.current?.replaceChildren(), SAID_MS);
    return () => clearTimeout(timer);
  }, [message]);

  return <div ref={region} className="unseen" role="log" aria-live="polite" aria-label="Answer" />;
}

function say(region: HTMLElement | null, sentences: string) {
  if (!region || !sentences) return;
  const line = document.createElement("p");
  line.textContent = sentences;
  region.append(line);
}
