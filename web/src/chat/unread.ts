/**
 * Conversations with a reply that nobody has looked at, kept in this browser for all its tabs.
 *
 * Ids alone: whose they are, and whether they still are, the list of conversations knows.
 */

import { useSyncExternalStore } from "react";

const KEY = "prosa.unread";
/** The oldest marks go first. */
const MAX_MARKS = 100;

const listeners = new Set<() => void>();
let known: { readonly raw: string | null; readonly marks: ReadonlySet<string> } = { raw: null, marks: new Set() };

/** The same set for as long as nothing changes. */
export function readUnread(): ReadonlySet<string> {
  const raw = localStorage.getItem(KEY);
  if (raw !== known.raw) known = { raw, marks: new Set((raw ?? "").split(" ").filter((id) => id !== "")) };
  return known.marks;
}

export function markUnread(conversationId: string): void {
  const marks = readUnread();
  if (!marks.has(conversationId)) write([...marks, conversationId].slice(-MAX_MARKS));
}

export function markRead(conversationId: string): void {
  const marks = readUnread();
  if (marks.has(conversationId)) write([...marks].filter((id) => id !== conversationId));
}

export function useUnread(): ReadonlySet<string> {
  return useSyncExternalStore(onUnread, readUnread);
}

/** Tells of changes here and in other tabs. */
export function onUnread(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

function write(ids: readonly string[]): void {
  if (ids.length === 0) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, ids.join(" "));
  for (const listener of listeners) listener();
}
