/**
 * What a conversation shows: one branch of its tree, and what is on its way.
 *
 * Read-only views of `LogState`, computed by the components when the state changes.
 */

import { type Conversation, type Message } from "../api/schemas";
import { awaitedBranch, shownBranch } from "./branches";
import { liveReply, pendingItem, type ThreadItem } from "./items";
import { isEnded } from "./replies";
import { EMPTY_THREAD, type LogState, type Pending } from "./state";
import { isAlternative, isNamed, type Node, type Tree, treeOf } from "./tree";

export { type BranchPlace, isOnItsWay, type ReplyItem, type ThreadItem, type UserItem } from "./items";

/**
 * The branch the reader chose, or the newest. `conversationId` null is one not begun yet.
 *
 * Items are the same objects while nothing about them changed.
 */
export function visibleThread(state: LogState, conversationId: string | null): readonly ThreadItem[] {
  // A conversation not begun yet has no other place to show what became of its first message.
  if (conversationId === null) return [...state.pending.values()].filter(isFirst).map(itemOf);
  const { path, ids } = shownBranch(state, conversationId);
  const branch = path.flatMap(({ node, branch: place, item }) => {
    if (item !== null) return item;
    const reply = node.source.kind === "live" ? state.replies.get(node.source.job_id) : undefined;
    return reply === undefined ? [] : liveReply(reply, place);
  });
  const { nodes } = treeOf(state, conversationId);
  const sent = [...state.pending.values()]
    .filter((pending) => pending.conversation_id === conversationId && pending.seen_as === null)
    .filter((pending) => !isAlternative(pending))
    .filter(({ parent_id }) => parent_id === null || ids.has(parent_id) || !nodes.has(parent_id));
  return sent.length === 0 ? branch : [...branch, ...sent.map(itemOf)];
}

function isFirst(pending: Pending): boolean {
  return pending.conversation_id === null;
}

function itemOf(pending: Pending): ThreadItem {
  return pendingItem(pending, null);
}

/** Where the next message of a conversation hangs; null leaves it to the server. */
export function leafOf(state: LogState, conversationId: string): string | null {
  const awaited = awaitedBranch(state, conversationId);
  if (awaited !== null) return awaited;
  const leaf = shownBranch(state, conversationId).path.at(-1)?.node;
  return leaf === undefined ? null : messageToFollow(leaf, treeOf(state, conversationId));
}

function messageToFollow({ id, source }: Node, { nodes, newestUnder }: Tree): string | null {
  if (source.kind !== "pending") return isNamed(id) ? id : null;
  // What is on its way may be refused: go on from what it would stand beside.
  const { instead_of, parent_id } = source.pending;
  const beside = newestUnder.get(instead_of ?? "") ?? nodes.get(parent_id ?? "");
  return beside === undefined || isNamed(beside.id) ? (beside?.id ?? parent_id) : null;
}

/** Everything that was read of a conversation, all branches, oldest first. */
export function wholeTree(state: LogState, conversationId: string): Message[] {
  const { messages } = state.threads.get(conversationId) ?? EMPTY_THREAD;
  return [...messages.values()].sort((a, b) => compareText(a.message_id, b.message_id));
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

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
