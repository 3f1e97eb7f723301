/**
 * One search at a time: waits until the typing rests, then reads pages until there is a screenful.
 *
 * A page of the API may be empty and not the last, as it looks through a part of the conversations
 * only. Whoever wants more asks for it. An answer to an earlier question is never shown.
 */

import { type SearchHit, type SearchPage } from "../api/schemas";

const REST_MS = 250;
/** Hits that fill the list, and calls after which the reader decides whether it is worth more. */
const SCREENFUL = 20;
const MOST_CALLS = 10;

export interface SearchState {
  readonly question: string;
  /** What `hits` answer; while another question waits, still the one before. */
  readonly answered: string;
  readonly hits: readonly SearchHit[];
  readonly status: "idle" | "busy" | "done" | "failed";
  /** Goes on from here; null when all is searched. */
  readonly cursor: string | null;
  readonly searchedBackTo: string | null;
}

export type ReadPage = (question: string, cursor: string | null, signal: AbortSignal) => Promise<SearchPage>;

const NOTHING: SearchState = {
  question: "",
  answered: "",
  hits: [],
  status: "idle",
  cursor: null,
  searchedBackTo: null,
};

export class Search {
  readonly #readPage: ReadPage;
  readonly #restMs: number;
  readonly #listeners = new Set<() => void>();
  #state = NOTHING;
  #resting: ReturnType<typeof setTimeout> | undefined;
  #reading = new AbortController();

  constructor(readPage: ReadPage, restMs = REST_MS) {
    this.#readPage = readPage;
    this.#restMs = restMs;
  }

  readonly state = (): SearchState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  /** Look for `text` once the typing rests; nothing to look for shows nothing. */
  readonly ask = (text: string): void => {
    const question = asQuestion(text);
    if (question === this.#state.question) return;
    this.stop();
    if (question === "") {
      this.#set(NOTHING);
      return;
    }
    this.#set({ ...this.#state, question, status: "busy" });
    this.#resting = setTimeout(() => void this.#read(null), this.#restMs);
  };

  /** Go on where the search stopped, or failed. */
  readonly more = (): void => {
    const { question, answered, cursor } = this.#state;
    if (question === "" || this.#state.status === "busy") return;
    this.#set({ ...this.#state, status: "busy" });
    void this.#read(question === answered ? cursor : null);
  };

  /** Give up what is under way. */
  stop(): void {
    clearTimeout(this.#resting);
    this.#reading.abort();
    this.#reading = new AbortController();
  }

  async #read(from: string | null): Promise<void> {
    const { signal } = this.#reading;
    const wanted = from === null ? SCREENFUL : this.#state.hits.length + SCREENFUL;
    let cursor = from;
    try {
      for (let calls = 1; ; calls += 1) {
        const page = await this.#readPage(this.#state.question, cursor, signal);
        if (signal.aborted) return;
        this.#add(page, cursor === null);
        cursor = page.next_cursor;
        if (cursor === null || calls === MOST_CALLS || this.#state.hits.length >= wanted) break;
      }
      this.#set({ ...this.#state, status: "done" });
    } catch {
      if (!signal.aborted) this.#set({ ...this.#state, status: "failed" });
    }
  }

  #add(page: SearchPage, isFirst: boolean): void {
    const { question, hits } = this.#state;
    this.#set({
      question,
      answered: question,
      hits: isFirst ? page.items : [...hits, ...page.items],
      status: "busy",
      cursor: page.next_cursor,
      searchedBackTo: page.searched_back_to,
    });
  }

  #set(state: SearchState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** One letter of an alphabet is in every message; one of another script may be a word. */
function asQuestion(text: string): string {
  const question = text.trim().replace(/\s+/g, " ");
  return question.length > 1 || /\P{ASCII}/u.test(question) ? question : "";
}

export interface FoundConversation {
  readonly conversation: SearchHit["conversation"];
  /** The hit in its title, if there is one. */
  readonly title: SearchHit | null;
  readonly messages: readonly SearchHit[];
}

/** Hits by conversation, in the order they came. */
export function byConversation(
  hits: readonly SearchHit[],
  deleted: ReadonlySet<string>,
): FoundConversation[] {
  const found = new Map<string, FoundConversation>();
  for (const hit of hits) {
    const id = hit.conversation.conversation_id;
    if (deleted.has(id)) continue;
    const known = found.get(id) ?? { conversation: hit.conversation, title: null, messages: [] };
    found.set(
      id,
      hit.message_id === null
        ? { ...known, title: hit }
        : { ...known, messages: [...known.messages, hit] },
    );
  }
  return [...found.values()];
}

export interface Piece {
  readonly text: string;
  readonly isMatched: boolean;
}

/** A snippet cut where its matches begin and end. Ranges that do not fit it are left out. */
export function pieces({ snippet, matched }: Pick<SearchHit, "snippet" | "matched">): Piece[] {
  const letters = Array.from(snippet); // code points, as the ranges count them
  const cut: Piece[] = [];
  let done = 0;
  const put = (end: number, isMatched: boolean) => {
    if (end > done) cut.push({ text: letters.slice(done, end).join(""), isMatched });
    done = Math.max(done, end);
  };
  for (const [begin, end] of matched) {
    if (begin < done || end <= begin || end > letters.length) continue;
    put(begin, false);
    put(end, true);
  }
  put(letters.length, false);
  return cut;
}
