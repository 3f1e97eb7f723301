/** The search as a reader meets it: typing, paging, failing; and how its hits are shown. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import fc from "fast-check";

import { Unreachable } from "../src/api/errors";
import { type SearchHit, type SearchPage } from "../src/api/schemas";
import { byConversation, pieces, type ReadPage, Search } from "../src/chat/search";
import { aConversation } from "./log.builders";

function aHit(fields: Partial<SearchHit> = {}): SearchHit {
  const rest = { message_id: "msg_01", role: "user", snippet: "Why?", matched: [] } as const;
  return { conversation: aConversation(), ...rest, matched: [], ...fields };
}

function aPage(hits: number, next_cursor: string | null): SearchPage {
  const items = Array.from({ length: hits }, (_, at) => aHit({ message_id: `msg_${at}` }));
  return { items, next_cursor, searched_back_to: "2026-01-01T10:00:00.000Z" };
}

/** Answers that come when the test lets them. */
class Server {
  readonly calls: { question: string; cursor: string | null; signal: AbortSignal }[] = [];
  readonly #answers: { resolve: (page: SearchPage) => void; reject: (error: unknown) => void }[] = [];

  readonly readPage: ReadPage = (question, cursor, signal) => {
    this.calls.push({ question, cursor, signal });
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
  };

  async answer(page: SearchPage): Promise<void> {
    this.#answers.shift()?.resolve(page);
    await vi.advanceTimersByTimeAsync(0);
  }

  async fail(): Promise<void> {
    this.#answers.shift()?.reject(new Unreachable("No answer."));
    await vi.advanceTimersByTimeAsync(0);
  }
}

let server: Server;
let search: Search;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  search = new Search(server.readPage);
});

afterEach(() => {
  vi.useRealTimers();
});

async function ask(text: string): Promise<void> {
  search.ask(text);
  await vi.advanceTimersByTimeAsync(250);
}

describe("asking", () => {
  it("waits until the typing rests, and asks once", async () => {
    for (const text of ["ar", "ara", "arara"]) {
      search.ask(text);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(server.calls).toHaveLength(0);
    expect(search.state().status).toBe("busy");
    await vi.advanceTimersByTimeAsync(150);
    expect(server.calls.map((call) => call.question)).toEqual(["arara"]);
  });

  it("asks nothing for spaces, for one letter, or for the same question again", async () => {
    for (const text of ["", "  ", " a "]) await ask(text);
    expect(search.state().status).toBe("idle");
    await ask("arara");
    await ask("  arara ");
    await ask("鳥");
    expect(server.calls.map((call) => call.question)).toEqual(["arara", "鳥"]);
  });

  it("never shows the answer to an earlier question", async () => {
    await ask("arara");
    await ask("sabiá");
    expect(server.calls[0]?.signal.aborted).toBe(true);
    await server.answer(aPage(3, null));
    expect(search.state()).toMatchObject({ hits: [], status: "busy" });
    await server.answer(aPage(1, null));
    expect(search.state()).toMatchObject({ answered: "sabiá", status: "done" });
    expect(search.state().hits).toHaveLength(1);
  });

  it("keeps what was found while the next question waits, and says it is of another", async () => {
    await ask("arara");
    await server.answer(aPage(3, null));
    search.ask("arara azul");
    expect(search.state().hits).toHaveLength(3);
    expect(search.state()).toMatchObject({ question: "arara azul", answered: "arara", status: "busy" });
  });

  it("shows nothing when the question is taken back, also not what was on its way", async () => {
    await ask("arara");
    search.ask("");
    await server.answer(aPage(3, null));
    expect(search.state()).toMatchObject({ question: "", hits: [], status: "idle" });
  });
});

describe("paging", () => {
  it("goes on through empty pages until there is a screenful", async () => {
    await ask("arara");
    await server.answer(aPage(0, "c1"));
    await server.answer(aPage(15, "c2"));
    expect(search.state().status).toBe("busy");
    await server.answer(aPage(15, "c3"));
    expect(search.state()).toMatchObject({ status: "done", cursor: "c3" });
    expect(server.calls.map((call) => call.cursor)).toEqual([null, "c1", "c2"]);
  });

  it("asks the reader after ten calls, and goes on from there", async () => {
    await ask("arara");
    for (let call = 1; call <= 10; call += 1) await server.answer(aPage(0, `c${call}`));
    expect(search.state()).toMatchObject({ status: "done", cursor: "c10" });
    expect(server.calls).toHaveLength(10);
    search.more();
    search.more();
    expect(server.calls).toHaveLength(11);
    expect(server.calls[10]?.cursor).toBe("c10");
    await server.answer(aPage(2, null));
    expect(search.state()).toMatchObject({ status: "done", cursor: null });
    expect(search.state().hits).toHaveLength(2);
  });

  it("adds a screenful to what is there", async () => {
    await ask("arara");
    await server.answer(aPage(20, "c1"));
    search.more();
    await server.answer(aPage(10, "c2"));
    expect(search.state().status).toBe("busy");
    await server.answer(aPage(10, "c3"));
    expect(search.state().status).toBe("done");
    expect(search.state().hits).toHaveLength(40);
  });
});

describe("failing", () => {
  it("keeps what was found, and goes on where it failed", async () => {
    await ask("arara");
    await server.answer(aPage(5, "c1"));
    await server.fail();
    expect(search.state().status).toBe("failed");
    expect(search.state().hits).toHaveLength(5);
    search.more();
    expect(server.calls.at(-1)?.cursor).toBe("c1");
  });

  it("asks a new question from its beginning, not where the one before ended", async () => {
    await ask("arara");
    await server.answer(aPage(20, "c1"));
    await ask("sabiá");
    await server.fail();
    search.more();
    expect(server.calls.at(-1)).toMatchObject({ question: "sabiá", cursor: null });
  });
});

describe("hits", () => {
  it("stand under their conversation once, its title's own above them, without what is deleted", () => {
    const other = aConversation({ conversation_id: "cnv_2" });
    const gone = aConversation({ conversation_id: "cnv_3" });
    const title = aHit({ message_id: null, role: null });
    const [one, two] = [aHit({ message_id: "msg_1" }), aHit({ message_id: "msg_2" })];
    const theirs = aHit({ conversation: other });
    const hits = [title, one, aHit({ conversation: gone }), theirs, two];
    expect(byConversation(hits, new Set(["cnv_3"]))).toEqual([
      { conversation: title.conversation, title, messages: [one, two] },
      { conversation: other, title: null, messages: [theirs] },
    ]);
  });

  it("are cut by code points, as the server counts", () => {
    expect(pieces({ snippet: "🦜🦜 é uma arara", matched: [[0, 2], [9, 14]] })).toEqual([
      { text: "🦜🦜", isMatched: true },
      { text: " é uma ", isMatched: false },
      { text: "arara", isMatched: true },
    ]);
  });

  it("keep their text whatever the ranges say", () => {
    const range = fc.tuple(fc.integer({ min: -3, max: 30 }), fc.integer({ min: -3, max: 30 }));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.array(range), (snippet, matched) => {
        expect(pieces({ snippet, matched }).map((piece) => piece.text).join("")).toBe(snippet);
      }),
    );
  });
});
