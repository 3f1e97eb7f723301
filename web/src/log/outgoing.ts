/**
 * What the reader sends, from here to its 202: shown at once, at the place where it will be, and
 * given up for the server's own telling of it.
 *
 * What was sent here is what the reader wants to see next, unless they looked elsewhere meanwhile.
 */

import { type Accepted, type Message } from "../api/schemas";
import { choose, follow, shownBranch } from "./branches";
import * as conversations from "./conversations";
import { type EventOf } from "./events";
import * as replies from "./replies";
import { EMPTY_THREAD, type LogState, type Pending } from "./state";
import { withMessages, withReplies, withThread } from "./threads";
import { isAlternative, pendingId, replyId, treeOf } from "./tree";

export function sending(state: LogState, pending: Pending): LogState {
  const next = put(state, pending);
  const { conversation_id, parent_id, key } = pending;
  if (conversation_id === null) return next;
  if (isAlternative(pending)) return choose(next, conversation_id, pendingId(key));
  const isParentHere = parent_id !== null && treeOf(next, conversation_id).nodes.has(parent_id);
  return isParentHere ? choose(next, conversation_id, parent_id) : next;
}

/** The event of one's own message may overtake its 202, which alone tells the key. */
export function heard(state: LogState, event: EventOf<"message.accepted">): LogState {
  const { message, job_id, conversation_id } = event;
  const own = [...state.pending.values()].find((pending) => couldBe(pending, message));
  if (own === undefined) return state;
  const next = change(state, own.key, { seen_as: own.content === null ? job_id : message.message_id });
  if (!isInView(state, own)) return next;
  const reply = next.replies.get(job_id) ?? { job_id, message_id: null };
  return choose(next, conversation_id, own.content === null ? replyId(reply) : message.message_id);
}

function couldBe(pending: Pending, message: Message): boolean {
  const { status, seen_as, content, conversation_id, parent_id, instead_of } = pending;
  if (status !== "sending" || seen_as !== null) return false;
  if (content === null) return parent_id === message.message_id;
  const isItsPlace = parent_id === null && instead_of === null;
  return (
    content === message.content &&
    (conversation_id === null || conversation_id === message.conversation_id) &&
    (isItsPlace || parent_id === message.parent_id)
  );
}

export function accepted(state: LogState, key: string, answer: Accepted): LogState {
  const pending = state.pending.get(key);
  const { job_id, message_id, reply_id, conversation_id } = answer;
  if (pending === undefined) return state;
  let next = remove(state, key);
  if (state.deleted.has(conversation_id)) return next;
  if (pending.content !== null) next = withOwnMessage(next, pending, pending.content, answer);
  const promise = { job_id, conversation_id, parent_id: message_id, message_id: reply_id };
  next = withReplies(next, replies.promised(next.replies, promise));
  if (!isInView(state, pending)) return next;
  return choose(next, conversation_id, pending.content === null ? reply_id : message_id);
}

export function refused(state: LogState, key: string, failure: Pending["failure"]): LogState {
  return change(state, key, { status: "refused", failure, seen_as: null });
}

/** The reader is back at what it would have stood beside. */
export function discarded(state: LogState, key: string): LogState {
  const pending = state.pending.get(key);
  const next = remove(state, key);
  const conversationId = pending?.conversation_id ?? null;
  if (pending === undefined || conversationId === null) return next;
  if (state.branches.get(conversationId) !== pendingId(key)) return next;
  const { nodes } = treeOf(next, conversationId);
  const back = [pending.instead_of, pending.parent_id].find((id) => id !== null && nodes.has(id));
  return back == null ? follow(next, conversationId) : choose(next, conversationId, back);
}

/** Not when the event was there first: it has been chosen then. */
function isInView(state: LogState, pending: Pending): boolean {
  const { conversation_id, parent_id, key, seen_as } = pending;
  if (conversation_id === null || seen_as !== null) return false;
  if (isAlternative(pending)) return state.branches.get(conversation_id) === pendingId(key);
  return parent_id === null || shownBranch(state, conversation_id).ids.has(parent_id);
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

function put(state: LogState, pending: Pending): LogState {
  return { ...state, pending: new Map(state.pending).set(pending.key, pending) };
}

function change(state: LogState, key: string, fields: Partial<Pending>): LogState {
  const pending = state.pending.get(key);
  return pending === undefined ? state : put(state, { ...pending, ...fields });
}

function remove(state: LogState, key: string): LogState {
  const pending = new Map(state.pending);
  pending.delete(key);
  return { ...state, pending };
}
