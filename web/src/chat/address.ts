/**
 * The open conversation stands in the address, `/c/<conversation_id>`, so that a reload, a
 * bookmark and the back button come to it. `?m=<message_id>` names one message of it to show.
 */

import { useSyncExternalStore } from "react";

export interface LinkedMessage {
  readonly id: string;
}

const listeners = new Set<() => void>();
let linked: LinkedMessage | null = null;

export function conversationPath(conversationId: string | null, messageId?: string | null): string {
  if (conversationId === null) return "/";
  return messageId ? `/c/${conversationId}?m=${messageId}` : `/c/${conversationId}`;
}

export function currentConversation(): string | null {
  return /^\/c\/([\w-]+)\/?$/.exec(location.pathname)?.[1] ?? null;
}

/** The message the address leads to, if any. */
export function currentMessage(): string | null {
  const named = new URLSearchParams(location.search).get("m");
  return named !== null && /^[\w-]+$/.test(named) ? named : null;
}

interface Going {
  readonly replace: boolean;
  /** Lead to this message of the conversation. */
  readonly message?: string | null;
}

/** Go to a conversation, or with null to a new one. */
export function goTo(conversationId: string | null, { replace, message }: Going): void {
  const path = conversationPath(conversationId, message);
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  linked = message ? { id: message } : null;
  for (const listener of listeners) listener();
}

export function useOpenConversation(): string | null {
  return useSyncExternalStore(subscribe, currentConversation);
}

/**
 * The message to show. Each going there is another object: a reader who scrolled away and chose the
 * same hit again is led back.
 */
export function useLinkedMessage(): LinkedMessage | null {
  return useSyncExternalStore(subscribe, linkedMessage);
}

function linkedMessage(): LinkedMessage | null {
  const id = currentMessage();
  if (id !== (linked?.id ?? null)) linked = id === null ? null : { id };
  return linked;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}
