/** From Enter to the 202: sent until accepted, accepted once, never lost. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { visibleThread } from "../src/log/thread";
import {
  accepted,
  aJob,
  aMessage,
  anAnswer,
  ANSWER,
  completed,
  CONVERSATION,
  QUESTION,
  started,
} from "./log.builders";
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

describe("a reply that is told before anyone listens", () => {
  const TICKET = "POST /ws-tickets";

  /** The socket stays shut until `open` is called; by then the reply was told and is stored. */
  function holdTheSocketBack(): { open: () => void } {
    const tickets = page.server.routes.get(TICKET);
    let isHeld = true;
    page.server.routes.set(TICKET, (tried, seen) =>
      isHeld ? { status: 503 } : (tickets?.(tried, seen) ?? "cut"),
    );
    page.gateway.cursor = "e:9";
    page.snapshotIs("e:9", { items: [aMessage(), anAnswer()] });
    return {
      open: () => {
        isHeld = false;
        page.chat.reconnect();
      },
    };
  }

  it("is read when the socket begins after the 202, though the page shows no conversation", async () => {
    const socket = holdTheSocketBack();
    page.server.routes.set(CHAT, () => ({ status: 202, body: PROMISE }));
    await page.chat.start(null);
    page.chat.outbox.send(null, "Why?", null);
    await vi.waitFor(() => {
      expect(page.onAccepted).toHaveBeenCalledOnce();
    });
    socket.open();
    await page.shows("Why?", "done: Because.");
  });

  it("is read when the socket begins before the 202 that answers an earlier try", async () => {
    const socket = holdTheSocketBack();
    await page.chat.start(null);
    const key = await sendInVain();
    socket.open();
    await page.sockets(1);
    sendAgain(key);
    await page.shows("Why?", "done: Because.");
  });

  it("is read when the log was lost before the 202", async () => {
    page.snapshotIs("e:9", { items: [aMessage(), anAnswer()] });
    await page.chat.start(null);
    await page.sockets(1);
    const key = await sendInVain();
    page.gateway.send({ type: "resync", reason: "epoch_changed" });
    await page.sockets(2);
    sendAgain(key);
    await page.shows("Why?", "done: Because.");
  });

  /** The server took it, and every answer was lost. */
  async function sendInVain(): Promise<string> {
    page.server.routes.set(CHAT, () => "cut");
    page.chat.outbox.send(null, "Why?", null);
    return vi.waitFor(() => {
      const [pending] = page.chat.store.state().pending.values();
      expect(pending?.status).toBe("refused");
      return pending?.key ?? "";
    });
  }

  function sendAgain(key: string): void {
    page.server.routes.set(CHAT, () => ({ status: 202, body: PROMISE }));
    page.chat.outbox.retry(key);
  }
});
