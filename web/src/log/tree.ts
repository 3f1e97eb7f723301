/**
 * A conversation as a tree: a message hangs under the one it answers or follows, an edit beside
 * the message it replaces, another reply beside the first.
 *
 * Built from what is stored, what is being written and what is on its way. A growing reply changes
 * no node, so a tree is built once for many deltas; `branches.ts` says which branch of it is shown.
 */

import { type Message } from "../api/schemas";
import { isEnded } from "./replies";
import { EMPTY_THREAD, type LogState, type Pending, type Reply } from "./state";

export type Source =
  | { readonly kind: "stored"; readonly message: Message }
  | { readonly kind: "live"; readonly job_id: string }
  | { readonly kind: "pending"; readonly pending: Pending };

export interface Node {
  /** The message's id, or what stands for it until it has one. ULIDs sort by their time. */
  readonly id: string;
  readonly parent_id: string | null;
  readonly source: Source;
  /** An attempt that brought nothing; hidden once there is another. */
  readonly isFailed: boolean;
  readonly isRunning: boolean;
}

export interface Tree {
  readonly nodes: ReadonlyMap<string, Node>;
  /** Oldest first, what is on its way last; also under parents on a page not read yet. */
  readonly children: ReadonlyMap<string | null, readonly Node[]>;
  /** The newest leaf below a node, or the node. Not of what is on its way, which has none. */
  readonly newestUnder: ReadonlyMap<string, Node>;
  readonly newest: Node | null;
}

/** A reply answers something, also one whose beginning was not heard. */
const UNHEARD = "~";

/** Ids that only this page knows sort after every ULID, and are good until the server names it. */
const UNNAMED = "~";

export function isNamed(id: string): boolean {
  return !id.startsWith(UNNAMED);
}

export function pendingId(key: string): string {
  return `${UNNAMED}${UNNAMED}${key}`;
}

export function replyId({ message_id, job_id }: Pick<Reply, "message_id" | "job_id">): string {
  return message_id ?? `${UNNAMED}${job_id}`;
}

/** On its way beside something that is there: an edit, or another reply. */
export function isAlternative(pending: Pending): boolean {
  return pending.content === null || pending.instead_of !== null;
}

interface Built {
  readonly unstored: readonly Node[];
  readonly tree: Tree;
}

/** The last tree of each set of messages: it dies with them. */
const built = new WeakMap<ReadonlyMap<string, Message>, Built>();

export function treeOf(state: LogState, conversationId: string): Tree {
  const { messages } = state.threads.get(conversationId) ?? EMPTY_THREAD;
  const unstored = [
    ...liveNodes(state.replies, conversationId, messages),
    ...pendingNodes(state.pending, conversationId),
  ];
  const before = built.get(messages);
  if (before !== undefined && isSame(before.unstored, unstored)) return before.tree;
  const tree = build([...messages.values()].map(storedNode), unstored);
  built.set(messages, { unstored, tree });
  return tree;
}

function storedNode(message: Message): Node {
  const { message_id: id, parent_id, finish_reason, content } = message;
  const isEmpty = finish_reason === "cancelled" && content === "";
  const isFailed = finish_reason === "failed" || isEmpty;
  return { id, parent_id, source: { kind: "stored", message }, isFailed, isRunning: false };
}

function liveNodes(
  replies: LogState["replies"],
  conversationId: string,
  messages: ReadonlyMap<string, Message>,
): Node[] {
  const nodes: Node[] = [];
  for (const reply of replies.values()) {
    if (reply.status === "done" || reply.conversation_id !== conversationId) continue;
    const { job_id, parent_id } = reply;
    const id = replyId(reply);
    if (messages.has(id)) continue;
    const isRunning = !isEnded(reply) && !reply.isStale;
    const isFailed = reply.status === "failed";
    const source = { kind: "live", job_id } as const;
    nodes.push({ id, parent_id: parent_id ?? UNHEARD, source, isFailed, isRunning });
  }
  return nodes;
}

function pendingNodes(pending: LogState["pending"], conversationId: string): Node[] {
  return [...pending.values()]
    .filter((item) => item.conversation_id === conversationId)
    .filter((item) => item.seen_as === null && isAlternative(item))
    .map((item) => ({
      id: pendingId(item.key),
      parent_id: item.parent_id,
      source: { kind: "pending", pending: item },
      isFailed: false,
      isRunning: item.status === "sending",
    }));
}

function isSame(before: readonly Node[], now: readonly Node[]): boolean {
  return before.length === now.length && before.every((node, place) => isSameNode(node, now[place]));
}

function isSameNode(before: Node, now: Node | undefined): boolean {
  return (
    before.id === now?.id &&
    before.parent_id === now.parent_id &&
    before.isFailed === now.isFailed &&
    before.isRunning === now.isRunning &&
    isSameSource(before.source, now.source)
  );
}

function isSameSource(before: Source, now: Source): boolean {
  if (before.kind === "live") return now.kind === "live" && before.job_id === now.job_id;
  if (before.kind === "pending") return now.kind === "pending" && before.pending === now.pending;
  return now.kind === "stored" && before.message === now.message;
}

function build(stored: readonly Node[], unstored: readonly Node[]): Tree {
  const nodes = new Map<string, Node>();
  const children = new Map<string | null, Node[]>();
  for (const node of [...stored, ...unstored]) {
    nodes.set(node.id, node);
    const siblings = children.get(node.parent_id);
    if (siblings === undefined) children.set(node.parent_id, [node]);
    else siblings.push(node);
  }
  for (const siblings of children.values()) if (siblings.length > 1) siblings.sort(byAge);
  const leaves = [...nodes.values()].filter((node) => isLeaf(node, children)).sort(byAge).reverse();
  return { nodes, children, newestUnder: newestUnder(leaves, nodes), newest: leaves[0] ?? null };
}

/** What is on its way is told where it was asked for, and decides nothing about what is newest. */
function isLeaf(node: Node, children: ReadonlyMap<string | null, readonly Node[]>): boolean {
  const isThere = ({ source }: Node) => source.kind !== "pending";
  return isThere(node) && children.get(node.id)?.some(isThere) !== true;
}

/** Newest leaf first, so that the first to reach a node is the newest below it. */
function newestUnder(leaves: readonly Node[], nodes: ReadonlyMap<string, Node>): Map<string, Node> {
  const newest = new Map<string, Node>();
  for (const leaf of leaves) {
    let node: Node | undefined = leaf;
    while (node !== undefined && !newest.has(node.id)) {
      newest.set(node.id, leaf);
      node = node.parent_id === null ? undefined : nodes.get(node.parent_id);
    }
  }
  return newest;
}

/** Several on their way stay in the order they were sent: sorting is stable. */
function byAge(a: Node, b: Node): number {
  if (a.source.kind === "pending" && b.source.kind === "pending") return 0;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
