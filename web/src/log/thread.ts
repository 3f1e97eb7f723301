/**
 * What a conversation shows: the newest branch of its tree, and what is on its way.
 *
 * Read-only views of `LogState`, computed by the components when the state changes.
 */

import { type Conversation, type Failure, type FinishReason, type Message } from "../api/schemas";
import { hasGap, isEnded } from "./replies";
import { EMPTY_THREAD, type LogState, type Pending, type Reply } from "./state";

export interface UserItem {
  readonly kind: "user";
  readonly key: string;
  readonly message_id: string | null;
  readonly content: string;
  readonly created_at: string;
  readonly status: "stored" | "sending" | "refused";
  readonly failure: Failure | null;
}

export interface ReplyItem {
  readonly kind: "reply";
  readonly key: string;
  readonly message_id: string | null;
  readonly job_id: string | null;
  /** The user message it answers; null where an older page was not read yet. */
  readonly parent_id: string | null;
  readonly status: "queued" | "streaming" | "done" | "failed" | "cancelled";
  readonly text: string;
  readonly model: string | null;
  readonly created_at: string | null;
  readonly finish_reason: FinishReason | null;
  readonly failure: Failure | null;
  readonly hasGap: boolean;
  readonly isStopping: boolean;
}

export type ThreadItem = UserItem | ReplyItem;

interface Node {
  readonly id: string;
  readonly parent_id: string | null;
  readonly item: ThreadItem;
}

/** The branch that ends in the newest message. `conversationId` null is one not begun yet. */
export function visibleThread(state: LogState, conversationId: string | null): ThreadItem[] {
  const branch = conversationId === null ? [] : newestBranch(nodesOf(state, conversationId));
  // A conversation not begun yet has no other place to show what became of its first message.
  const isOpen = (pending: Pending) => pending.seen_as === null || conversationId === null;
  return [...state.pending.values()]
    .filter((pending) => pending.conversation_id === conversationId && isOpen(pending))
    .reduce(withPending, branch);
}

/** Where the next message of a conversation hangs; null begins it. */
export function leafOf(state: LogState, conversationId: string): string | null {
  return newestBranch(nodesOf(state, conversationId)).at(-1)?.message_id ?? null;
}

/** Conversations in which a reply is being written now. */
export function busyConversations(state: LogState): ReadonlySet<string> {
  const busy = new Set<string>();
  for (const reply of state.replies.values()) {
    if (!isEnded(reply) && !reply.isStale && reply.conversation_id !== null) {
      busy.add(reply.conversation_id);
    }
  }
  return busy;
}

/** The list, newest first. */
export function newestFirst(known: LogState["conversations"]): Conversation[] {
  return [...known.values()]
    .map(({ conversation }) => conversation)
    .sort((a, b) => compareText(b.updated_at, a.updated_at) || compareText(b.conversation_id, a.conversation_id));
}

function nodesOf(state: LogState, conversationId: string): Map<string, Node> {
  const { messages } = state.threads.get(conversationId) ?? EMPTY_THREAD;
  const nodes = new Map<string, Node>();
  for (const message of messages.values()) {
    nodes.set(message.message_id, {
      id: message.message_id,
      parent_id: message.parent_id,
      item: message.role === "user" ? userItem(message) : storedReply(message),
    });
  }
  for (const reply of state.replies.values()) {
    if (reply.conversation_id !== conversationId || reply.status === "done") continue;
    // A reply whose id is not told yet was asked for just now: it sorts after every ULID.
    const id = reply.message_id ?? `~${reply.job_id}`;
    if (!nodes.has(id)) nodes.set(id, { id, parent_id: reply.parent_id, item: liveReply(reply) });
  }
  return nodes;
}

/** The newest leaf and its ancestors, oldest first. ULIDs sort by their time. */
function newestBranch(nodes: Map<string, Node>): ThreadItem[] {
  const parents = new Set([...nodes.values()].map((node) => node.parent_id));
  let newest: Node | undefined;
  for (const node of nodes.values()) {
    if (!parents.has(node.id) && (newest === undefined || node.id > newest.id)) newest = node;
  }
  const branch: ThreadItem[] = [];
  for (let node = newest; node !== undefined; ) {
    branch.push(node.item);
    node = node.parent_id === null ? undefined : nodes.get(node.parent_id);
  }
  return branch.reverse();
}

function withPending(branch: ThreadItem[], pending: Pending): ThreadItem[] {
  if (pending.content !== null) return [...branch, pendingMessage(pending, pending.content)];
  const asked = branch.findIndex((item) => item.message_id === pending.parent_id);
  return asked < 0 ? branch : [...branch.slice(0, asked + 1), pendingReply(pending)];
}

function userItem(message: Message): UserItem {
  const { message_id, content, created_at } = message;
  const rest = { status: "stored", failure: null } as const;
  return { kind: "user", key: message_id, message_id, content, created_at, ...rest };
}

function pendingMessage(pending: Pending, content: string): UserItem {
  const { key, created_at, status, failure } = pending;
  return { kind: "user", key, message_id: null, content, created_at, status, failure };
}

function storedReply(message: Message): ReplyItem {
  const { message_id, job_id, parent_id, model, created_at, finish_reason, failure } = message;
  const isUnanswered = finish_reason === "failed" || finish_reason === "cancelled";
  return {
    ...{ kind: "reply", key: message_id, message_id, job_id, parent_id },
    status: isUnanswered ? finish_reason : "done",
    text: message.content,
    ...{ model, created_at, finish_reason, failure, hasGap: false, isStopping: false },
  };
}

function liveReply(reply: Reply): ReplyItem {
  const { job_id, message_id, parent_id, model, text, failure, isStopping } = reply;
  return {
    ...{ kind: "reply", key: message_id ?? job_id, message_id, job_id, parent_id },
    status: reply.status === "failed" ? "failed" : text === "" ? "queued" : "streaming",
    ...{ text, model, created_at: null, finish_reason: null, failure, isStopping },
    hasGap: reply.status !== "failed" && hasGap(reply),
  };
}

function pendingReply(pending: Pending): ReplyItem {
  const { key, parent_id, model, failure } = pending;
  return {
    ...{ kind: "reply", key, message_id: null, job_id: null, parent_id, text: "", model, failure },
    status: pending.status === "refused" ? "failed" : "queued",
    ...{ created_at: null, finish_reason: null, hasGap: false, isStopping: false },
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
