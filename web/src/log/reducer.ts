/**
 * `reduce(state, action)`: the only place where what the page knows changes.
 *
 * Pure. The same event applied twice, late, or after the snapshot that already holds it changes
 * nothing, so that live events, a resume and REST need no order among each other.
 */

import { type Message } from "../api/schemas";
import { choose, follow } from "./branches";
import * as conversations from "./conversations";
import { type EventOf } from "./events";
import * as outgoing from "./outgoing";
import * as replies from "./replies";
import { type LogAction, type LogState, type Pending } from "./state";
import { pageRead, withMessages, withReplies } from "./threads";

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
      return pageRead(state, action.conversation_id, action.page, action.isNewest);
    case "local.renamed":
      return conversations.renamed(state, action.conversation);
    case "local.sending":
      return outgoing.sending(state, action.pending);
    case "local.accepted":
      return outgoing.accepted(state, action.key, action.accepted);
    case "local.refused":
      return outgoing.refused(state, action.key, action.failure);
    case "local.discarded":
      return outgoing.discarded(state, action.key);
    case "local.branch":
      return choose(state, action.conversation_id, action.id);
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
  const next = withMessages(state, conversation_id, [message]);
  return outgoing.heard(withReplies(next, replies.promised(state.replies, promise)), event);
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
    ...follow(state, conversationId),
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
