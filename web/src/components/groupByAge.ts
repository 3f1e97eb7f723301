/** Headings for the list: how long ago, in the reader's own days. */

import { type Conversation } from "../api/schemas";

export type AgeGroup = "today" | "yesterday" | "week" | "earlier";

interface Group {
  readonly name: AgeGroup;
  readonly conversations: readonly Conversation[];
}

/** Groups in the order given, which is newest first; empty ones are left out. */
export function groupByAge(conversations: readonly Conversation[], now: Date): Group[] {
  const names: AgeGroup[] = ["today", "yesterday", "week", "earlier"];
  return names
    .map((name) => ({
      name,
      conversations: conversations.filter((item) => ageOf(new Date(item.updated_at), now) === name),
    }))
    .filter((group) => group.conversations.length > 0);
}

function ageOf(moment: Date, now: Date): AgeGroup {
  const startOfDay = (daysAgo: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo);
  if (moment >= startOfDay(0)) return "today";
  if (moment >= startOfDay(1)) return "yesterday";
  return moment >= startOfDay(7) ? "week" : "earlier";
}
