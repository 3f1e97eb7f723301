/** Opening, following and losing the log, as the reader sees it. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { accepted, aJob, aMessage, ANSWER, CONVERSATION, delta, QUESTION, started } from "./log.builders";
import { LIST, Page, THREAD } from "./page";

let page: Page;

beforeEach(async () => {
  page = await Page.open();
});

afterEach(() => page.close());

describe("opening", () => {
  it("reads the conversation, then plays the log from before its running reply", async () => {
    page.snapshotIs("e:4", { running: [aJob()] });
    await page.chat.start(CONVERSATION);
    await page.sockets(1);
    expect(page.gateway.client.after).toBe("e:4");
    page.tell(5, started());
    page.tell(6, delta(0, "Be"));
    await page.shows("Why?", "streaming: Be");
    expect(page.chat.store.state().conversations.size).toBe(1);
  });

  it("goes back in the log for a reply it has not followed", async () => {
    page.gateway.cursor = "e:9";
    await page.chat.start(null);
    await page.sockets(1);
    page.snapshotIs("e:4", { running: [aJob()] });
    await page.chat.open(CONVERSATION);
    await page.sockets(2);
    expect(page.gateway.client.after).toBe("e:4");
  });

  it("stays where it is for a reply it has followed from its first letter", async () => {
    await page.chat.start(null);
    await page.sockets(1);
    page.tell(1, accepted());
    page.tell(2, started());
    page.tell(3, delta(0, "Be"));
    await page.shows("Why?", "streaming: Be");
    page.snapshotIs("e:1", { running: [aJob()] });
    await page.chat.open(CONVERSATION);
    page.tell(4, delta(2, "cause"));
    await page.shows("Why?", "streaming: Because");
    expect(page.gateway.clients).toHaveLength(1);
  });

  it("reads a conversation once; the log keeps it current", async () => {
    page.snapshotIs("e:0");
    await page.chat.start(CONVERSATION);
    await page.sockets(1);
    await page.chat.open(null);
    await page.chat.open(CONVERSATION);
    expect(page.server.tries(THREAD)).toBe(1);
  });

  it("says when there is none", async () => {
    await expect(page.chat.open(CONVERSATION)).rejects.toMatchObject({ status: 404 });
  });
});

describe("a lost log", () => {
  it("is made up for by REST, and followed from where that was read", async () => {
    page.snapshotIs("e:4");
    await page.chat.start(CONVERSATION);
    await page.sockets(1);
    page.tell(5, started());
    page.tell(6, delta(0, "Be"));
    await page.shows("Why?", "streaming: Be");
    const answer = aMessage({ message_id: ANSWER, parent_id: QUESTION, role: "assistant", content: "No." });
    page.snapshotIs("f:1", { items: [aMessage(), { ...answer, job_id: "job_1", finish_reason: "stop" }] });
    page.gateway.send({ type: "resync", reason: "epoch_changed" });
    await page.shows("Why?", "done: No.");
    await page.sockets(2);
    expect(page.gateway.client.after).toBe("f:1");
  });

  it("with no conversation open begins anew and reads the list again", async () => {
    await page.chat.start(null);
    await page.sockets(1);
    await vi.waitFor(() => {
      expect(page.server.tries(LIST)).toBe(2);
    });
    page.gateway.send({ type: "resync", reason: "history_gone" });
    await page.sockets(2);
    expect(page.gateway.client.after).toBeNull();
    await vi.waitFor(() => {
      expect(page.server.tries(LIST)).toBe(3);
    });
  });
});

it("offers to stop again when stopping was refused", async () => {
  page.snapshotIs("e:0", { running: [aJob()] });
  await page.chat.start(CONVERSATION);
  page.server.routes.set("DELETE /jobs/job_1", () => ({ status: 404 }));
  const stopped = page.chat.stopReply("job_1");
  expect(page.chat.store.state().replies.get("job_1")?.isStopping).toBe(true);
  await stopped;
  expect(page.chat.store.state().replies.get("job_1")?.isStopping).toBe(false);
});
