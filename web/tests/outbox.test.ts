/** From Enter to the 202: sent until accepted, accepted once, never lost. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { visibleThread } from "../src/log/thread";
import { accepted, aJob, ANSWER, completed, CONVERSATION, QUESTION, started } from "./log.builders";
import { CHAT, Page } from "./page";

const PROMISE = { job_id: "job_1", message_id: QUESTION, reply_id: ANSWER, conversation_id: CONVERSATION };

let page: Page;

beforeEach(async () => {
  page = await Page.open();
});

afterEach(() => page.close());

describe("sending", () => {
  it("shows one message and one reply, though the 202 was lost and its event came first", async () => {
    page.snapshotIs("e:0", { items: [] });
    await page.chat.start(CONVERSATION);
    await page.sockets(1);
    page.server.routes.set(CHAT, (tried) => {
      if (tried > 1) return { status: 202, body: PROMISE };
      page.tell(1, accepted());
      return "cut";
    });
    page.chat.outbox.send(CONVERSATION, "Why?", null);
    expect(page.shown()).toEqual(["Why?"]);
    await vi.waitFor(() => {
      expect(page.onAccepted).toHaveBeenCalledOnce();
    });
    page.tell(2, started());
    page.tell(3, completed());
    await page.shows("Why?", "done: Because.");
    expect(new Set(page.keys()).size).toBe(1);
    expect(page.keys()).toHaveLength(2);
  });

  it("hangs the next message under the newest reply, also while that is being written", async () => {
    page.snapshotIs("e:0", { running: [aJob()] });
    page.server.routes.set(CHAT, () => ({ status: 422, body: { detail: "No." } }));
    await page.chat.start(CONVERSATION);
    page.chat.outbox.send(CONVERSATION, "And then?", null);
    await vi.waitFor(() => {
      expect(page.server.seen.at(-1)?.body).toMatchObject({ parent_id: ANSWER, conversation_id: CONVERSATION });
    });
  });

  it("sends under the same key again after a reload between two tries", async () => {
    const soon = { status: 503, headers: { "Retry-After": "20" } };
    page.server.routes.set(CHAT, (tried) => (tried === 1 ? soon : { status: 202, body: PROMISE }));
    await page.chat.start(null);
    page.chat.outbox.send(null, "Why?", null);
    await vi.waitFor(() => {
      expect(page.keys()).toHaveLength(1);
    });
    await page.reload();
    await vi.waitFor(() => {
      expect(page.onAccepted).toHaveBeenCalledOnce();
    });
    expect(new Set(page.keys()).size).toBe(1);
  });

  it("keeps what was refused, and sends it again under its key only when asked", async () => {
    const refusal = { status: 503, headers: { "Retry-After": "60" }, body: { detail: "All models rest." } };
    page.server.routes.set(CHAT, (tried) => (tried === 1 ? refusal : { status: 202, body: PROMISE }));
    await page.chat.start(null);
    page.chat.outbox.send(null, "Why?", null);
    const first = () => visibleThread(page.chat.store.state(), null)[0];
    await vi.waitFor(() => {
      expect(first()).toMatchObject({ status: "refused", failure: { detail: "All models rest." } });
    });
    await page.reload();
    expect(first()).toMatchObject({ status: "refused", content: "Why?" });
    page.chat.outbox.retry(first()?.key ?? "");
    await vi.waitFor(() => {
      expect(page.onAccepted).toHaveBeenCalledOnce();
    });
    expect(new Set(page.keys()).size).toBe(1);
  });
});
