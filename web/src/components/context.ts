/** How components reach the chat and read slices of its state. */

import { createContext, use, useSyncExternalStore } from "react";

import { type Chat } from "../chat/chat";
import { type LogState } from "../log/state";
import { type ConnectionState } from "../socket/logSocket";

export const ChatContext = createContext<Chat | null>(null);

export function useChat(): Chat {
  const chat = use(ChatContext);
  if (chat === null) throw new Error("useChat outside ChatContext");
  return chat;
}

/** `select` must give the same value for the same state: a field of it, or a primitive. */
export function useLog<T>(select: (state: LogState) => T): T {
  const { store } = useChat();
  return useSyncExternalStore(store.subscribe, () => select(store.state()));
}

export function useConnection(): ConnectionState {
  const chat = useChat();
  return useSyncExternalStore(chat.onConnection, chat.connection);
}
