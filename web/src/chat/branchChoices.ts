/**
 * Keeps which branch of a conversation the reader chose, in this browser, and leads back to it.
 *
 * Storage that is full or forbidden shows the newest branch after a reload and loses nothing else.
 */

import { Unreachable } from "../api/errors";
import { awaitedBranch } from "../log/branches";
import { type LogState } from "../log/state";
import { type LogStore } from "../log/store";
import { isNamed } from "../log/tree";
import { type OlderPages } from "./olderPages";

const PREFIX = "prosa.branch.";

export class BranchChoices {
  readonly #store: LogStore;
  readonly #older: OlderPages;
  readonly #recalled = new Set<string>();
  #kept: LogState["branches"];

  constructor(store: LogStore, older: OlderPages) {
    this.#store = store;
    this.#older = older;
    this.#kept = store.state().branches;
    store.subscribe(this.#keep);
  }

  /** Show the branch that an earlier page showed; from then on the state knows better. */
  recall(conversation_id: string): void {
    if (this.#recalled.has(conversation_id)) return;
    this.#recalled.add(conversation_id);
    const id = read(conversation_id);
    if (id === null || this.#store.state().branches.has(conversation_id)) return;
    this.#store.dispatch({ type: "local.branch", conversation_id, id });
  }

  /** Read older pages until the chosen branch is here. Throws CallFailed. */
  async reach(conversationId: string): Promise<void> {
    while (awaitedBranch(this.#store.state(), conversationId) !== null) {
      // The log was lost meanwhile: the page is read anew, and then this is asked again.
      if (this.#store.state().threads.get(conversationId)?.isLoaded !== true) throw new Unreachable();
      await this.#older.read(conversationId, "many");
    }
  }

  readonly #keep = (): void => {
    const { branches } = this.#store.state();
    const before = this.#kept;
    if (branches === before) return;
    this.#kept = branches;
    for (const id of before.keys()) if (!branches.has(id)) write(id, null);
    for (const [id, choice] of branches) {
      // What is on its way has no name that another page would know.
      if (choice !== before.get(id) && isNamed(choice)) write(id, choice);
    }
  };
}

function read(conversationId: string): string | null {
  try {
    return localStorage.getItem(PREFIX + conversationId);
  } catch {
    return null;
  }
}

function write(conversationId: string, choice: string | null): void {
  try {
    if (choice === null) localStorage.removeItem(PREFIX + conversationId);
    else localStorage.setItem(PREFIX + conversationId, choice);
  } catch {
    // See the module docstring.
  }
}
