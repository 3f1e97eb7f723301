/**
 * `reduce(state, action)`: the only place where what the page knows changes.
 *
 * Pure. The same event applied twice, late, or after the snapshot that already holds it changes
 * nothing, so that live events, a resume and REST need no order among each other.
 */

import { type Accepted, type Message, type MessagePage } from "../api/schemas";
import * as conversations from "./conversations";
import { type EventOf } from "./events";
import * as replies from "./replies";
import { EMPTY_THREAD, type LogAction, type LogState, type Pending, type Thread } from "./state";

export function reduce(state: LogState, action: LogAction): LogState {
  switch (action.type) {
    case "message.accepted":
      return messageAccepted(state, action);
    case "reply.started":
      if (state.deleted.has(action.conversation_id)) return state;
      return withReplies(state, replies.started(state.replies, action));
    case "reply.delta":
      return withReplies(state, replies.grown(state.replies, action));
    case "reply.completed":
      return replyStored(state, action.message, action.job_id);
    case "reply.failed":
      if (state.deleted.has(action.conversation_id)) return state;
      return withReplies(state, replies.failed(state.replies, action));
    case "conversation.updated":
      return conversations.told(state, action.conversation, action.cursor ?? null);
    case "conversation.deleted":
      return conversationDeleted(state, action.conversation_id);
    case "log.lost":
      return logLost(state);
    case "snapshot.list":
      return conversations.listed(state, action.page, action.isFirst);
    case "snapshot.thread":
      return threadRead(state, action.conversation_id, action.page, action.isNewest);
    case "local.renamed":
      return conversations.renamed(state, action.conversation);
    case "local.sending":
      return withPending(state, action.pending);
    case "local.accepted":
      return sendAccepted(state, action.key, action.accepted);
    case "local.refused":
      return changePending(state, action.key, {
        status: "refused",
        failure: action.failure,
        seen_as: null,
      });
    case "local.discarded":
      return withoutPending(state, action.key);
    case "local.stopping":
      return withReplies(
        state,
        replies.stopping(state.replies, action.job_id, action.isStopping),
      );
    default:
      return action satisfies never;
  }
}

function messageAccepted(state: LogState, event: EventOf<"message.accepted">): LogState {
  const { message, job_id, conversation_id } = event;
  if (state.deleted.has(conversation_id)) return state;
  const promise = { job_id, conversation_id, parent_id: message.message_id, message_id: null };
  const next = withReplies(withMessages(state, conversation_id, [message]), replies.promised(state.replies, promise));
  const own = [...state.pending.values()].find((pending) => couldBe(pending, message));
  return own === undefined ? next : changePending(next, own.key, { seen_as: message.message_id });
}

/** The event of one's own message may overtake its 202, which alone tells the key. */
function couldBe(pending: Pending, message: Message): boolean {
  return (
    pending.status === "sending" &&
    pending.seen_as === null &&
    pending.content === message.content &&
    (pending.conversation_id === null || pending.conversation_id === message.conversation_id) &&
    pending.parent_id === message.parent_id
  );
}

function replyStored(state: LogState, message: Message, jobId: string): LogState {
  if (state.deleted.has(message.conversation_id)) return state;
  const next = withMessages(state, message.conversation_id, [message]);
  return withReplies(next, replies.completed(state.replies, jobId, message));
}

function conversationDeleted(state: LogState, conversationId: string): LogState {
  const known = new Map(state.conversations);
  known.delete(conversationId);
  const threads = new Map(state.threads);
  threads.delete(conversationId);
  const isOther = (pending: Pending) => pending.conversation_id !== conversationId;
  return {
    ...state,
    conversations: known,
    threads,
    deleted: new Set(state.deleted).add(conversationId),
    replies: replies.ended(state.replies, conversationId),
    pending: new Map([...state.pending].filter(([, pending]) => isOther(pending))),
  };
}

function logLost(state: LogState): LogState {
  const threads = [...state.threads].map(
    ([key, thread]) => [key, { ...thread, isLoaded: false }] as const,
  );
  const next = conversations.forgetCursors({ ...state, threads: new Map(threads) });
  return withReplies(next, replies.stale(state.replies));
}

function threadRead(
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
  const known = state.threads.get(conversationId) ?? EMPTY_THREAD;
  const kept = isNewest && !known.isLoaded ? since(known, page) : known.messages;
  const messages = new Map(kept);
  for (const message of page.items) messages.set(message.message_id, message);
  return withThread(withReplies(state, live), conversationId, {
    messages,
    olderCursor: page.next_cursor,
    isLoaded: isNewest || known.isLoaded,
  });
}

/** What events brought while the newest page was read. Older messages may lie behind a hole. */
function since(thread: Thread, page: MessagePage): ReadonlyMap<string, Message> {
  const oldest = page.items[0]?.message_id ?? "";
  return new Map([...thread.messages].filter(([id]) => id > oldest));
}

function sendAccepted(state: LogState, key: string, accepted: Accepted): LogState {
  const pending = state.pending.get(key);
  const { job_id, message_id, reply_id, conversation_id } = accepted;
  if (pending === undefined) return state;
  let next = withoutPending(state, key);
  if (state.deleted.has(conversation_id)) return next;
  if (pending.content !== null) next = withOwnMessage(next, pending, pending.content, accepted);
  const promise = { job_id, conversation_id, parent_id: message_id, message_id: reply_id };
  return withReplies(next, replies.promised(next.replies, promise));
}

/** Show what was accepted as the server will tell it; its own telling replaces this one. */
function withOwnMessage(
  state: LogState,
  pending: Pending,
  content: string,
  { message_id, conversation_id, job_id }: Accepted,
): LogState {
  const { parent_id, created_at } = pending;
  let next = state;
  if (!state.threads.get(conversation_id)?.messages.has(message_id)) {
    const own = { message_id, conversation_id, parent_id, content, created_at, job_id };
    const rest = { model: null, usage: null, finish_reason: null, failure: null };
    next = withMessages(state, conversation_id, [{ ...own, role: "user", ...rest }]);
  }
  if (pending.conversation_id !== null) return next;
  const thread = next.threads.get(conversation_id) ?? EMPTY_THREAD;
  // It began here, so there is nothing that REST could add.
  next = withThread(next, conversation_id, { ...thread, isLoaded: true });
  const title = content.split("\n", 1)[0] ?? content;
  return conversations.begun(next, { conversation_id, title, created_at, updated_at: created_at });
}

function withMessages(state: LogState, conversationId: string, added: readonly Message[]): LogState {
  const thread = state.threads.get(conversationId) ?? EMPTY_THREAD;
  const messages = new Map(thread.messages);
  for (const message of added) messages.set(message.message_id, message);
  return withThread(state, conversationId, { ...thread, messages });
}

function withThread(state: LogState, conversationId: string, thread: Thread): LogState {
  return { ...state, threads: new Map(state.threads).set(conversationId, thread) };
}

function withReplies(state: LogState, changed: LogState["replies"]): LogState {
  return changed === state.replies ? state : { ...state, replies: changed };
}

function withPending(state: LogState, pending: Pending): LogState {
  return { ...state, pending: new Map(state.pending).set(pending.key, pending) };
}

function changePending(state: LogState, key: string, change: Partial<Pending>): LogState {
  const pending = state.pending.get(key);
  return pending === undefined ? state : withPending(state, { ...pending, ...change });
}

function withoutPending(state: LogState, key: string): LogState {
  const pending = new Map(state.pending);
  pending.delete(key);
  return { ...state, pending };
}
