/** Conversations under the day they were last used, as people remember: today, yesterday, this week, earlier. */
import type { Conversation } from "../api/types";

export interface DayGroup {
  name: string;
  conversations: Conversation[];
}

const DAY_MS = 86_400_000;

/** In the order in which they come; `now` is milliseconds, days are those of this machine. */
export function groupByDay(conversations: Conversation[], now: number): DayGroup[] {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const groups: DayGroup[] = [];
  for (const conversation of conversations) {
    const name = nameOf(Date.parse(conversation.updated_at), midnight);
    const last = groups.at(-1);
    if (last?.name === name) last.conversations.push(conversation);
    else groups.push({ name, conversations: [conversation] });
  }
  return groups;
}

function nameOf(at: number, midnight: number): string {
  if (at >= midnight) return "Today";
  if (at >= midnight - DAY_MS) return "Yesterday";
  if (at >= midnight - 6 * DAY_MS) return "This week";
  return "Earlier";
}
