/**
 * The list of conversations: which of two tellings of one conversation is the newer.
 *
 * A replay tells old titles again, and a REST answer may be overtaken by an event while it
 * travels. `updated_at` decides; where it is equal, the place in the log does.
 */

import { type Conversation, type ConversationPage } from "../api/schemas";
import { compareCursors } from "./cursor";
import { type KnownConversation, type LogState } from "./state";

/** An event told it. */
export function told(state: LogState, conversation: Conversation, cursor: string | null): LogState {
  const known = state.conversations.get(conversation.conversation_id);
  return isNewer(conversation, cursor, known) ? put(state, conversation, cursor) : state;
}

/** The reader renamed it here, and the server agreed. */
export function renamed(state: LogState, conversation: Conversation): LogState {
  const known = state.conversations.get(conversation.conversation_id);
  return put(state, conversation, known?.cursor ?? null);
}

/** The reader began it here; the server has accepted, but not told its title yet. */
export function begun(state: LogState, conversation: Conversation): LogState {
  if (state.conversations.has(conversation.conversation_id)) return state;
  return put(state, conversation, null, true);
}

export function listed(state: LogState, page: ConversationPage, isFirst: boolean): LogState {
  const merged = page.items.reduce((so_far, item) => told(so_far, item, null), state);
  // The first page read again, after a resync, must not undo the paging that was done.
  const keepsPaging = isFirst && state.olderConversations.isLoaded;
  if (keepsPaging) return merged;
  return { ...merged, olderConversations: { cursor: page.next_cursor, isLoaded: true } };
}

/** The log was lost: from here on REST is as good as any event that was seen. */
export function forgetCursors(state: LogState): LogState {
  const entries = [...state.conversations].map(
    ([key, known]) => [key, { ...known, cursor: null }] as const,
  );
  return { ...state, conversations: new Map(entries) };
}

function isNewer(
  conversation: Conversation,
  cursor: string | null,
  known: KnownConversation | undefined,
): boolean {
  if (known === undefined || known.isGuess) return true;
  const { updated_at } = known.conversation;
  if (conversation.updated_at !== updated_at) return conversation.updated_at > updated_at;
  if (known.cursor === null) return true;
  return cursor !== null && (compareCursors(cursor, known.cursor) ?? 1) >= 0;
}

function put(
  state: LogState,
  conversation: Conversation,
  cursor: string | null,
  isGuess = false,
): LogState {
  const { conversation_id } = conversation;
  if (state.deleted.has(conversation_id)) return state;
  const known: KnownConversation = { conversation, cursor, isGuess };
  return { ...state, conversations: new Map(state.conversations).set(conversation_id, known) };
}
