/** Who was away is told of a reply once, and of none that is history or was stopped. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { markRead, markUnread, onUnread, readUnread } from "../src/chat/unread";
import { finishedBetween } from "../src/log/finished";
import { INITIAL_STATE } from "../src/log/state";
import {
  accepted,
  anAnswer,
  completed,
  CONVERSATION,
  delta,
  failed,
  JOB,
  play,
  snapshot,
  started,
} from "./log.builders";

const RUNNING = play([accepted(), started(), delta(0, "Bec")]);

describe("a reply that ends", () => {
  it("is told once", () => {
    const done = play([completed()], RUNNING);
    expect(finishedBetween(RUNNING, done)).toEqual([
      { job_id: JOB, conversation_id: CONVERSATION, text: "Because.", isFailed: false },
    ]);
    expect(finishedBetween(done, play([completed()], done))).toEqual([]);
  });

  it("is told as failed when it is", () => {
    expect(finishedBetween(RUNNING, play([failed()], RUNNING))).toMatchObject([{ isFailed: true }]);
  });

  it("is told when a snapshot brings the end, after the log was lost", () => {
    const lost = play([{ type: "log.lost" }], RUNNING);
    const found = play([snapshot({ items: [anAnswer()] })], lost);
    expect(finishedBetween(lost, found)).toHaveLength(1);
  });

  it("is no news while it grows, nor when it was never seen to run", () => {
    expect(finishedBetween(RUNNING, play([delta(3, "ause")], RUNNING))).toEqual([]);
    expect(finishedBetween(INITIAL_STATE, play([snapshot({ items: [anAnswer()] })]))).toEqual([]);
    expect(finishedBetween(INITIAL_STATE, play([completed()]))).toEqual([]);
  });

  it("is no news to who stopped it, or deleted the conversation", () => {
    expect(finishedBetween(RUNNING, play([completed({ finish_reason: "cancelled" })], RUNNING))).toEqual([]);
    const gone = play([{ type: "conversation.deleted", conversation_id: CONVERSATION }], RUNNING);
    expect(finishedBetween(RUNNING, gone)).toEqual([]);
  });
});

describe("the marks", () => {
  const stored = new Map<string, string>();
  const page = new EventTarget();
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal("window", page);
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("outlast the page, until they are looked at", () => {
    markUnread("cnv_a");
    markUnread("cnv_b");
    markUnread("cnv_a");
    expect([...readUnread()]).toEqual(["cnv_a", "cnv_b"]);
    markRead("cnv_a");
    expect([...readUnread()]).toEqual(["cnv_b"]);
    markRead("cnv_b");
    expect(stored.size).toBe(0);
  });

  it("are the same set while nothing changes, or React would draw for ever", () => {
    markUnread("cnv_a");
    expect(readUnread()).toBe(readUnread());
  });

  it("tell this tab and others, and only of changes", () => {
    const told = vi.fn();
    const stop = onUnread(told);
    markUnread("cnv_a");
    markUnread("cnv_a");
    markRead("cnv_never");
    expect(told).toHaveBeenCalledTimes(1);
    page.dispatchEvent(new Event("storage"));
    expect(told).toHaveBeenCalledTimes(2);
    stop();
  });

  it("do not grow without end", () => {
    for (let n = 0; n < 150; n += 1) markUnread(`cnv_${n}`);
    expect(readUnread().size).toBe(100);
    expect(readUnread().has("cnv_149")).toBe(true);
  });
});
