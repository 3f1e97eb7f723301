/**
 * Which branch of a conversation is shown: the one the reader chose, else the newest.
 *
 * A choice is kept as the leaf that was shown when it was made, and dropped when that is the newest
 * one: who reads the newest branch follows along, who reads another stays in it, whatever is begun
 * elsewhere meanwhile. What continues a chosen branch is shown.
 */

import { type Message } from "../api/schemas";
import { type BranchPlace, pendingItem, storedItem, type ThreadItem } from "./items";
import { EMPTY_THREAD, type LogState } from "./state";
import { isNamed, type Node, type Tree, treeOf } from "./tree";

export interface Shown {
  /** From the first message to the leaf. */
  readonly path: readonly Step[];
  readonly ids: ReadonlySet<string>;
}

export interface Step {
  readonly node: Node;
  readonly branch: BranchPlace | null;
  /** null for a reply that grows: it looks different each time. */
  readonly item: ThreadItem | null;
}

const NOTHING: Shown = { path: [], ids: new Set() };

/** What was shown of a tree last, and what an item looked like last: both are asked for often. */
const lastShown = new WeakMap<Tree, { readonly choice: string | null; readonly shown: Shown }>();
const lastItem = new WeakMap<Message, ThreadItem>();

/** Show the branch through a message, down to its newest leaf. */
export function choose(state: LogState, conversationId: string, id: string): LogState {
  const tree = treeOf(state, conversationId);
  const leaf = tree.newestUnder.get(id);
  if (leaf !== undefined && leaf === tree.newest) return follow(state, conversationId);
  const isPending = tree.nodes.get(id)?.source.kind === "pending";
  return withChoice(state, conversationId, isPending || leaf === undefined ? id : lasting(leaf));
}

/** Show the newest branch, also when there will be a newer one. */
export function follow(state: LogState, conversationId: string): LogState {
  if (!state.branches.has(conversationId)) return state;
  const branches = new Map(state.branches);
  branches.delete(conversationId);
  return { ...state, branches };
}

/** The branch shown; empty while the chosen one lies on a page that was not read yet. */
export function shownBranch(state: LogState, conversationId: string): Shown {
  if (awaitedBranch(state, conversationId) !== null) return NOTHING;
  const tree = treeOf(state, conversationId);
  const choice = state.branches.get(conversationId) ?? null;
  const last = lastShown.get(tree);
  if (last?.choice === choice) return last.shown;
  const shown = show(tree, choice);
  lastShown.set(tree, { choice, shown });
  return shown;
}

/** The chosen message, where older pages must be read before its branch can be shown. */
export function awaitedBranch(state: LogState, conversationId: string): string | null {
  const choice = state.branches.get(conversationId);
  const { messages, isLoaded, olderCursor, readFrom } = state.threads.get(conversationId) ?? EMPTY_THREAD;
  if (choice === undefined || !isNamed(choice) || messages.has(choice)) return null;
  if (treeOf(state, conversationId).nodes.has(choice)) return null;
  // Pages are read backwards: behind its place it will not come.
  const mayCome = olderCursor !== null && (readFrom === null || choice < readFrom);
  return !isLoaded || mayCome ? choice : null;
}

function withChoice(state: LogState, conversationId: string, choice: string): LogState {
  if (state.branches.get(conversationId) === choice) return state;
  return { ...state, branches: new Map(state.branches).set(conversationId, choice) };
}

/** The id by which a branch can be found again: a reply that was just asked for has none yet. */
function lasting({ id, parent_id }: Node): string {
  return isNamed(id) || parent_id === null ? id : parent_id;
}

function show(tree: Tree, choice: string | null): Shown {
  const chosen = choice === null ? undefined : tree.nodes.get(choice);
  const nodes = pathTo(tree, chosen ?? tree.newest);
  const ids = new Set(nodes.map((node) => node.id));
  const busy = busyForks(tree, ids);
  const path = nodes.map((node) => {
    const branch = placeOf(tree, node, busy);
    return { node, branch, item: itemOf(node, branch) };
  });
  return { path, ids };
}

/** From the first message through `through` to the newest leaf below it. */
function pathTo(tree: Tree, through: Node | null): Node[] {
  const path: Node[] = [];
  let node = through === null ? undefined : (tree.newestUnder.get(through.id) ?? through);
  while (node !== undefined) {
    path.push(node);
    node = node.parent_id === null ? undefined : tree.nodes.get(node.parent_id);
  }
  return path.reverse();
}

/** The parents below which a reply is being written in a branch that is not shown. */
function busyForks(tree: Tree, shown: ReadonlySet<string>): ReadonlySet<string | null> {
  const forks = new Set<string | null>();
  for (const running of tree.nodes.values()) {
    if (!running.isRunning || shown.has(running.id)) continue;
    let node = running;
    for (;;) {
      const parent = node.parent_id === null ? undefined : tree.nodes.get(node.parent_id);
      if (parent === undefined || shown.has(parent.id)) break;
      node = parent;
    }
    forks.add(node.parent_id);
  }
  return forks;
}

function placeOf(tree: Tree, node: Node, busy: ReadonlySet<string | null>): BranchPlace | null {
  const all = tree.children.get(node.parent_id) ?? [];
  if (all.length < 2) return null;
  const siblings = all.filter((other, at) => other === node || !isSuperseded(tree, other, at < all.length - 1));
  if (siblings.length < 2) return null;
  const at = siblings.indexOf(node);
  return {
    ...{ id: node.id, place: at + 1, count: siblings.length },
    previous: siblings[at - 1]?.id ?? null,
    next: siblings[at + 1]?.id ?? null,
    isBusyBeside: busy.has(node.parent_id),
  };
}

/** An attempt that brought nothing is no choice once there is another, unless talk went on from it. */
function isSuperseded(tree: Tree, { id, isFailed }: Node, hasNewer: boolean): boolean {
  return isFailed && hasNewer && !tree.children.has(id);
}

function itemOf({ source }: Node, branch: BranchPlace | null): ThreadItem | null {
  if (source.kind === "live") return null;
  if (source.kind === "pending") return pendingItem(source.pending, branch);
  const { message } = source;
  const last = lastItem.get(message);
  if (last !== undefined && isSamePlace(last.branch, branch)) return last;
  const item = storedItem(message, branch);
  lastItem.set(message, item);
  return item;
}

function isSamePlace(a: BranchPlace | null, b: BranchPlace | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.place === b.place &&
    a.count === b.count &&
    a.previous === b.previous &&
    a.next === b.next &&
    a.isBusyBeside === b.isBusyBeside
  );
}
