/** Reads a conversation backwards, a page at a time; the chat makes one. */

import { type PageSize, type ProsaApi } from "../api/prosa";
import { type LogStore } from "../log/store";

export class OlderPages {
  readonly #api: ProsaApi;
  readonly #store: LogStore;
  readonly #reading = new Map<string, Promise<void>>();

  constructor(api: ProsaApi, store: LogStore) {
    this.#api = api;
    this.#store = store;
  }

  /** Read the page before what is here. Callers that come while it is read share it. Throws CallFailed. */
  read(conversationId: string, size: PageSize): Promise<void> {
    const known = this.#reading.get(conversationId);
    if (known !== undefined) return known;
    const reading = this.#fetch(conversationId, size).finally(() => {
      this.#reading.delete(conversationId);
    });
    this.#reading.set(conversationId, reading);
    return reading;
  }

  async #fetch(conversation_id: string, size: PageSize): Promise<void> {
    const cursor = this.#cursorOf(conversation_id);
    if (cursor === null) return;
    const page = await this.#api.messages(conversation_id, cursor, size);
    // The log was lost meanwhile and the newest page read again: this one may lie behind a hole.
    if (this.#cursorOf(conversation_id) !== cursor) return;
    this.#store.dispatch({ type: "snapshot.thread", conversation_id, page, isNewest: false });
  }

  #cursorOf(conversationId: string): string | null {
    return this.#store.state().threads.get(conversationId)?.olderCursor ?? null;
  }
}
