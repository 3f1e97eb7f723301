/** The chosen branch over a reload, and what an edit and another reply are sent as. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { wholeTree } from "../src/log/thread";
import { BOTH, EDIT, show, TALK } from "./branches.builders";
import { ANSWER, CONVERSATION, QUESTION } from "./log.builders";
import { CHAT, Page, THREAD } from "./page";

const OLDER = ["Why?", "done: Because.", "And?", "done: And so."];
const NEWER = ["Why not?", "done: No."];

let page: Page;

beforeEach(async () => {
  page = await Page.open();
  page.snapshotIs("e:0", { items: wholeTree(BOTH, CONVERSATION) });
});

afterEach(() => page.close());

/** Each reads as the API gives it: the edit's branch first, all else by `cursor=older`. */
function givePages(older: () => object): void {
  page.server.routes.set(THREAD, (_tried, { query }) => {
    if (query.includes("cursor=older")) return { status: 200, body: older() };
    const body = { items: EDIT, next_cursor: "older", log_cursor: "e:0", running: [] };
    return { status: 200, body };
  });
}

async function openAgain(): Promise<void> {
  await page.reload();
  await page.chat.open(CONVERSATION);
}

describe("a chosen branch", () => {
  beforeEach(async () => {
    await page.chat.start(CONVERSATION);
    await page.chat.open(CONVERSATION);
    page.chat.store.dispatch(show(QUESTION));
    await page.shows(...OLDER);
  });

  it("is shown after a reload, until the newest is chosen again", async () => {
    await openAgain();
    await page.shows(...OLDER);
    page.chat.store.dispatch(show("msg_05"));
    await openAgain();
    await page.shows(...NEWER);
  });

  it("is looked for in older pages before anything is shown", async () => {
    givePages(() => ({ items: TALK, next_cursor: null, log_cursor: null, running: [] }));
    await page.reload();
    const seen = new Set<string>();
    page.chat.store.subscribe(() => seen.add(JSON.stringify(page.shown())));
    await page.chat.open(CONVERSATION);
    expect([...seen]).toEqual([JSON.stringify([]), JSON.stringify(OLDER)]);
  });

  it("gives way to the newest when it is nowhere", async () => {
    givePages(() => ({ items: [], next_cursor: null, log_cursor: null, running: [] }));
    await openAgain();
    await page.shows(...NEWER);
  });

  it("says when older pages could not be read, and comes when they can", async () => {
    givePages(() => ({ items: TALK, next_cursor: null, log_cursor: null, running: [] }));
    const pages = page.server.routes.get(THREAD);
    page.server.routes.set(THREAD, (tried, seen) =>
      seen.query.includes("cursor=older") ? { status: 403 } : (pages?.(tried, seen) ?? "cut"),
    );
    await page.reload();
    await expect(page.chat.open(CONVERSATION)).rejects.toMatchObject({ status: 403 });
    if (pages !== undefined) page.server.routes.set(THREAD, pages);
    await page.chat.open(CONVERSATION);
    await page.shows(...OLDER);
  });

  it("stays while the log is lost and the newest page is read again", async () => {
    givePages(() => ({ items: TALK, next_cursor: null, log_cursor: null, running: [] }));
    await page.sockets(1);
    page.gateway.send({ type: "resync", reason: "epoch_changed" });
    await page.sockets(2);
    await page.shows(...OLDER);
  });
});

describe("what is sent", () => {
  const refusal = { status: 422, body: { detail: "No.", code: "unknown_model" } };

  async function sent(act: () => void, call = CHAT): Promise<unknown> {
    page.server.routes.set(call, () => refusal);
    const before = page.server.tries(call);
    act();
    await vi.waitFor(() => {
      expect(page.server.tries(call)).toBe(before + 1);
    });
    return page.server.seen.findLast((seen) => seen.call === call)?.body;
  }

  beforeEach(() => page.chat.start(CONVERSATION));

  it("as an edit has its sibling's parent, also when that is none", async () => {
    const { outbox } = page.chat;
    const deep = await sent(() => {
      outbox.edit(CONVERSATION, "msg_03", "And now?", null);
    });
    expect(deep).toEqual({ content: "And now?", conversation_id: CONVERSATION, parent_id: ANSWER });
    const first = await sent(() => {
      outbox.edit(CONVERSATION, QUESTION, "Why ever?", "local:tiny");
    });
    expect(first).toEqual({
      content: "Why ever?",
      conversation_id: CONVERSATION,
      parent_id: null,
      model: "local:tiny",
    });
  });

  it("before the conversation was read leaves its parent to the server", async () => {
    const body = await sent(() => {
      page.chat.outbox.send("cnv_2", "Hello", null);
    });
    expect(body).toEqual({ content: "Hello", conversation_id: "cnv_2" });
  });

  it("follows the branch that is shown", async () => {
    page.chat.store.dispatch(show(QUESTION));
    const body = await sent(() => {
      page.chat.outbox.send(CONVERSATION, "So?", null);
    });
    expect(body).toMatchObject({ parent_id: "msg_04" });
  });

  it("is still an edit after a reload", async () => {
    await sent(() => {
      page.chat.outbox.edit(CONVERSATION, QUESTION, "Why ever?", null);
    });
    await vi.waitFor(() => {
      expect([...page.chat.store.state().pending.values()][0]?.status).toBe("refused");
    });
    await openAgain();
    await page.shows("Why ever?");
    const [pending] = page.chat.store.state().pending.values();
    const again = await sent(() => {
      page.chat.outbox.retry(pending?.key ?? "");
    });
    expect(again).toMatchObject({ content: "Why ever?", parent_id: null });
    expect(new Set(page.keys()).size).toBe(1);
  });

  it("asks a question again by its own address", async () => {
    const call = `POST /messages/${QUESTION}/replies`;
    const body = await sent(() => {
      page.chat.outbox.askAgain(CONVERSATION, QUESTION, ANSWER, "local:tiny");
    }, call);
    expect(body).toEqual({ model: "local:tiny" });
  });
});
