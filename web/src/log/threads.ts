/** The messages of a conversation: what events bring, and what pages of them bring. */

import { type Message, type MessagePage } from "../api/schemas";
import * as replies from "./replies";
import { EMPTY_THREAD, type LogState, type Thread } from "./state";

export function withMessages(
  state: LogState,
  conversationId: string,
  added: readonly Message[],
): LogState {
  const thread = state.threads.get(conversationId) ?? EMPTY_THREAD;
  const messages = new Map(thread.messages);
  for (const message of added) messages.set(message.message_id, message);
  return withThread(state, conversationId, { ...thread, messages });
}

export function withThread(state: LogState, conversationId: string, thread: Thread): LogState {
  return { ...state, threads: new Map(state.threads).set(conversationId, thread) };
}

export function withReplies(state: LogState, changed: LogState["replies"]): LogState {
  return changed === state.replies ? state : { ...state, replies: changed };
}

/**
 * A page was read. After the log was lost, the newest page may leave a hole behind it: what lies
 * before the hole stays, as a branch that goes through it ends there until it was read again.
 */
export function pageRead(
  state: LogState,
  conversationId: string,
  page: MessagePage,
  isNewest: boolean,
): LogState {
  if (state.deleted.has(conversationId)) return state;
  let live = page.running.reduce(replies.running, state.replies);
  for (const message of page.items) {
    if (message.role !== "assistant" || message.job_id === null) continue;
    live = replies.completed(live, message.job_id, message);
  }
  if (isNewest) live = replies.withoutStale(live, conversationId);
  const next = withMessages(withReplies(state, live), conversationId, page.items);
  const thread = next.threads.get(conversationId) ?? EMPTY_THREAD;
  return withThread(next, conversationId, {
    ...thread,
    olderCursor: page.next_cursor,
    readFrom: page.items[0]?.message_id ?? (isNewest ? null : thread.readFrom),
    isLoaded: isNewest || thread.isLoaded,
  });
}
