/** Whether a message looks as before: the thread is computed anew each frame, its text seldom. */

import { type ThreadItem } from "../log/thread";

interface WithItem {
  readonly item: ThreadItem;
}

export function sameItem<P extends WithItem>(before: P, after: P): boolean {
  const { item: oldItem, ...oldRest } = before;
  const { item: newItem, ...newRest } = after;
  return sameFields(oldItem, newItem) && sameFields(oldRest, newRest);
}

function sameFields(before: object, after: object): boolean {
  const fields = Object.entries(after);
  const old = new Map<string, unknown>(Object.entries(before));
  return old.size === fields.length && fields.every(([key, value]) => Object.is(old.get(key), value));
}
