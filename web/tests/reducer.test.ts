/** The log's promise on the page: whatever the order, one reply, and it is the stored one. */

import { describe, expect, it } from "vitest";

import { leafOf, type ReplyItem, visibleThread } from "../src/log/thread";
import {
  accepted,
  aConversation,
  aJob,
  aMessage,
  anAnswer,
  aPending,
  ANSWER,
  completed,
  CONVERSATION,
  delta,
  failed,
  JOB,
  play,
  QUESTION,
  snapshot,
  started,
} from "./log.builders";
import { type LogState } from "../src/log/state";

function lastReply(state: LogState): ReplyItem {
  const item = visibleThread(state, CONVERSATION).at(-1);
  if (item?.kind !== "reply") throw new Error("no reply at the end");
  return item;
}

describe("a reply", () => {
  it("grows by its deltas and ends as it is stored", () => {
    const streaming = play([accepted(), started(), delta(0, "Be"), delta(2, "cau")]);
    expect(lastReply(streaming)).toMatchObject({ status: "streaming", text: "Becau" });
    expect(lastReply(play([completed()], streaming))).toMatchObject({ status: "done", text: "Because." });
  });

  it("counts offsets in code points, not in UTF-16 units", () => {
    const state = play([accepted(), started(), delta(0, "🙂🙂"), delta(2, "!")]);
    expect(lastReply(state)).toMatchObject({ text: "🙂🙂!", hasGap: false });
  });

  it("ignores a delta that is there already, and takes the new part of one that overlaps", () => {
    const state = play([accepted(), started(), delta(0, "abc"), delta(1, "b"), delta(2, "cde")]);
    expect(lastReply(state).text).toBe("abcde");
  });

  it("shows a gap until the missing deltas come", () => {
    const cut = play([accepted(), started(), delta(0, "ab"), delta(4, "ef")]);
    expect(lastReply(cut)).toMatchObject({ text: "ab", hasGap: true });
    const healed = play([delta(2, "cd"), delta(4, "ef")], cut);
    expect(lastReply(healed)).toMatchObject({ text: "abcdef", hasGap: false });
  });

  it("shows a gap until it is completed, when the deltas never come", () => {
    const state = play([accepted(), started(), delta(4, "ef"), completed()]);
    expect(lastReply(state)).toMatchObject({ text: "Because.", hasGap: false });
  });

  it("starts over with a higher attempt, and ignores what a lower one still sends", () => {
    const second = play([
      ...[accepted(), started(), delta(0, "first")],
      ...[started({ attempt: 2 }), delta(5, " try"), delta(0, "se", 2)],
      ...[started({ attempt: 1 }), delta(0, "first"), delta(2, "cond", 2)],
    ]);
    expect(lastReply(second).text).toBe("second");
  });

  it("starts over when the higher attempt's delta comes before its start", () => {
    const state = play([accepted(), started(), delta(0, "old"), delta(0, "new", 2), started({ attempt: 2 })]);
    expect(lastReply(state).text).toBe("new");
  });

  it("is whole when it is completed before it started", () => {
    const state = play([completed(), accepted(), started(), delta(0, "Be")]);
    expect(lastReply(state)).toMatchObject({ status: "done", text: "Because.", message_id: ANSWER });
  });

  it("keeps what was written when it failed, says why, and does not run again", () => {
    const state = play([accepted(), started(), delta(0, "Be"), failed(), started({ attempt: 1 })]);
    expect(lastReply(state)).toMatchObject({
      status: "failed",
      text: "Be",
      failure: { code: "models_unavailable", retryable: true },
    });
  });

  it("is the stored one when a completion follows a failure", () => {
    const state = play([accepted(), started(), failed(), completed()]);
    expect(lastReply(state)).toMatchObject({ status: "done", text: "Because." });
  });

  it("shows what was written when it was cancelled", () => {
    const state = play([accepted(), started(), completed({ content: "Be", finish_reason: "cancelled" })]);
    expect(lastReply(state)).toMatchObject({ status: "cancelled", text: "Be" });
  });
});

describe("a thread", () => {
  it("shows the newest branch: the second reply to a question hides the first", () => {
    const again = { job_id: "job_2", message_id: "msg_03" };
    const state = play([accepted(), completed(), accepted({ job_id: "job_2" }), started(again)]);
    const ids = visibleThread(state, CONVERSATION).map((item) => item.message_id);
    expect(ids).toEqual([QUESTION, "msg_03"]);
    expect(leafOf(state, CONVERSATION)).toBe("msg_03");
  });

  it("takes a running reply from a snapshot and its text from the replay", () => {
    const read = play([snapshot({ items: [aMessage()], running: [aJob()] })]);
    expect(lastReply(read)).toMatchObject({ status: "queued", message_id: ANSWER });
    expect(lastReply(play([started(), delta(0, "Be")], read)).text).toBe("Be");
  });

  it("keeps what events brought while its snapshot travelled", () => {
    const late = aMessage({ message_id: "msg_03", parent_id: ANSWER });
    const state = play([
      accepted({ message: late, job_id: "job_2" }),
      snapshot({ items: [aMessage(), anAnswer()] }),
    ]);
    expect(visibleThread(state, CONVERSATION).map((item) => item.message_id)).toEqual([
      QUESTION,
      ANSWER,
      "msg_03",
      null,
    ]);
  });

  it("shows no replay of a reply its snapshot holds already", () => {
    const state = play([snapshot({ items: [aMessage(), anAnswer()] }), started(), delta(0, "Be")]);
    expect(lastReply(state)).toMatchObject({ status: "done", text: "Because." });
  });

  it("adds older pages before what it shows", () => {
    const read = play([snapshot({ items: [anAnswer()], next_cursor: "older" })]);
    const state = play([snapshot({ items: [aMessage()] }, false)], read);
    expect(visibleThread(state, CONVERSATION)).toHaveLength(2);
    expect(state.threads.get(CONVERSATION)?.olderCursor).toBeNull();
  });
});

describe("a lost log", () => {
  it("drops a reply that the next snapshot does not know", () => {
    const lost = play([accepted(), started(), delta(0, "Be"), { type: "log.lost" }]);
    expect(lost.threads.get(CONVERSATION)?.isLoaded).toBe(false);
    const state = play([snapshot({ items: [aMessage()] })], lost);
    expect(state.replies.has(JOB)).toBe(false);
  });

  it("keeps one that still runs, with its text", () => {
    const lost = play([accepted(), started(), delta(0, "Be"), { type: "log.lost" }]);
    const state = play([snapshot({ items: [aMessage()], running: [aJob()] })], lost);
    expect(lastReply(state)).toMatchObject({ text: "Be", status: "streaming" });
  });

  it("ends a branch at a hole it cannot see, until the hole was read", () => {
    const known = play([snapshot({ items: [aMessage(), anAnswer()] }), { type: "log.lost" }]);
    const newest = aMessage({ message_id: "msg_90", parent_id: "msg_89" });
    const state = play([snapshot({ items: [newest], next_cursor: "older" })], known);
    const ids = (read: LogState) => visibleThread(read, CONVERSATION).map((item) => item.message_id);
    expect(ids(state)).toEqual(["msg_90"]);
    const missed = anAnswer({ message_id: "msg_89", parent_id: ANSWER, role: "user", job_id: null });
    expect(ids(play([snapshot({ items: [missed] }, false)], state))).toEqual([
      QUESTION,
      ANSWER,
      "msg_89",
      "msg_90",
    ]);
  });
});

describe("the list", () => {
  const updated = (title: string, cursor: string, updated_at = "2026-01-01T10:00:00.000Z") =>
    ({ type: "conversation.updated", cursor, conversation: aConversation({ title, updated_at }) }) as const;
  const titleIn = (state: LogState) => state.conversations.get(CONVERSATION)?.conversation.title;

  it("keeps the newer title when an older one is played again", () => {
    const state = play([updated("old", "e:1"), updated("new", "e:2"), updated("old", "e:1")]);
    expect(titleIn(state)).toBe("new");
  });

  it("keeps the newer of REST and the log by their times", () => {
    const page = { items: [aConversation({ title: "stale" })], next_cursor: null };
    const state = play([
      updated("new", "e:2", "2026-01-02T10:00:00.000Z"),
      { type: "snapshot.list", page, isFirst: true },
    ]);
    expect(titleIn(state)).toBe("new");
  });

  it("takes a title from another life of the log", () => {
    expect(titleIn(play([updated("old", "e:9"), updated("new", "f:1")]))).toBe("new");
  });

  it("never brings back what was deleted", () => {
    const gone = play([accepted(), started(), { type: "conversation.deleted", conversation_id: CONVERSATION }]);
    const late = [accepted(), updated("back", "e:9"), started(), delta(0, "Be"), completed(), snapshot()];
    expect(play(late, gone)).toEqual(gone);
  });
});

describe("a message on its way", () => {
  const sending = { type: "local.sending", pending: aPending() } as const;
  const answer = { job_id: JOB, message_id: QUESTION, reply_id: ANSWER, conversation_id: CONVERSATION };
  const acceptedHere = { type: "local.accepted", key: "key_1", accepted: answer } as const;

  it("is shown at once, and once, whichever of 202 and event comes first", () => {
    expect(visibleThread(play([sending]), CONVERSATION)).toMatchObject([{ status: "sending" }]);
    const shown = (state: LogState) => visibleThread(state, CONVERSATION).map((item) => item.key);
    expect(shown(play([sending, acceptedHere, accepted()]))).toEqual([QUESTION, ANSWER]);
    expect(shown(play([sending, accepted(), acceptedHere]))).toEqual([QUESTION, ANSWER]);
    expect(shown(play([sending, accepted()]))).toEqual([QUESTION, JOB]);
  });

  it("keeps its text and says why when it is refused", () => {
    const failure = { code: "invalid", detail: "Too long.", retryable: false, retry_after_s: null };
    const state = play([sending, { type: "local.refused", key: "key_1", failure }]);
    expect(visibleThread(state, CONVERSATION)).toMatchObject([
      { status: "refused", content: "Why?", failure },
    ]);
  });

  it("begins a conversation in the list until the server tells its title", () => {
    const begun = play([
      { type: "local.sending", pending: aPending({ conversation_id: null }) },
      acceptedHere,
    ]);
    expect(begun.conversations.get(CONVERSATION)?.conversation.title).toBe("Why?");
    const conversation = aConversation({ title: "On why", updated_at: "2025-01-01T00:00:00.000Z" });
    const told = play([{ type: "conversation.updated", conversation }], begun);
    expect(told.conversations.get(CONVERSATION)?.conversation.title).toBe("On why");
  });

  it("that asks again takes the failed reply's place", () => {
    const pending = aPending({ content: null, parent_id: QUESTION });
    const state = play([accepted(), started(), failed(), { type: "local.sending", pending }]);
    expect(visibleThread(state, CONVERSATION)).toMatchObject([
      { kind: "user" },
      { kind: "reply", status: "queued", key: "key_1" },
    ]);
  });
});
