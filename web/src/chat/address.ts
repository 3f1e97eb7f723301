/**
 * The open conversation stands in the address, `/c/<conversation_id>`, so that a reload, a
 * bookmark and the back button come to it.
 */

import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();

export function conversationPath(conversationId: string | null): string {
  return conversationId === null ? "/" : `/c/${conversationId}`;
}

export function currentConversation(): string | null {
  return /^\/c\/([\w-]+)\/?$/.exec(location.pathname)?.[1] ?? null;
}

/** Go to a conversation, or with null to a new one. */
export function goTo(conversationId: string | null, { replace }: { replace: boolean }): void {
  const path = conversationPath(conversationId);
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  for (const listener of listeners) listener();
}

export function useOpenConversation(): string | null {
  return useSyncExternalStore(subscribe, currentConversation);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}
