/** Which branch is shown, and which versions a message has. */

import { describe, expect, it } from "vitest";

import { type LogAction, type LogState } from "../src/log/state";
import { leafOf, visibleThread, wholeTree } from "../src/log/thread";
import { BOTH, EDIT, ids, places, show, TALK } from "./branches.builders";
import {
  accepted,
  aMessage,
  anAnswer,
  ANSWER,
  completed,
  CONVERSATION,
  delta,
  failed,
  play,
  QUESTION,
  snapshot,
  started,
} from "./log.builders";

describe("a branch", () => {
  it("is the newest one, until another is chosen: that one down to its newest leaf", () => {
    expect(ids(BOTH)).toEqual(["msg_05", "msg_06"]);
    expect(places(BOTH)).toEqual(["2/2", null]);
    const other = play([show(QUESTION)], BOTH);
    expect(ids(other)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
    expect(places(other)).toEqual(["1/2", null, null, null]);
    expect(leafOf(other, CONVERSATION)).toBe("msg_04");
  });

  it("names its neighbours, which lead there and back", () => {
    const [first] = visibleThread(BOTH, CONVERSATION);
    expect(first?.branch).toMatchObject({ id: "msg_05", previous: QUESTION, next: null });
    const [back] = visibleThread(play([show(first?.branch?.previous ?? "")], BOTH), CONVERSATION);
    expect(back?.branch).toMatchObject({ id: QUESTION, previous: null, next: "msg_05" });
    expect(play([show("msg_05")], play([show(QUESTION)], BOTH))).toEqual(BOTH);
  });

  it("stays, whatever is begun elsewhere meanwhile", () => {
    const elsewhere = aMessage({ message_id: "msg_07", content: "How?" });
    const state = play([show(QUESTION), accepted({ message: elsewhere, job_id: "job_4" })], BOTH);
    expect(ids(state)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
    expect(places(state)[0]).toBe("1/3");
  });

  it("stays, when it forks above what was shown", () => {
    const again = started({ job_id: "job_4", message_id: "msg_07" });
    const state = play([show(QUESTION), again], BOTH);
    expect(ids(state)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
    expect(places(state)).toEqual(["1/2", "1/2", null, null]);
  });

  it("shows what continues it", () => {
    const next = aMessage({ message_id: "msg_07", parent_id: "msg_04" });
    const state = play([show(QUESTION), accepted({ message: next, job_id: "job_4" })], BOTH);
    expect(ids(state)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04", "msg_07", "job_4"]);
  });

  it("follows the newest, when the reader looks at that", () => {
    const elsewhere = aMessage({ message_id: "msg_07", content: "How?" });
    const state = play([show(QUESTION), show("msg_05"), accepted({ message: elsewhere })], BOTH);
    expect(ids(state)[0]).toBe("msg_07");
  });

  it("says when a reply is being written beside it", () => {
    const running = started({ job_id: "job_4", message_id: "msg_07", parent_id: "msg_05" });
    const state = play([show(QUESTION), running], BOTH);
    const busy = (now: LogState) => visibleThread(now, CONVERSATION)[0]?.branch?.isBusyBeside;
    expect(busy(state)).toBe(true);
    expect(busy(play([show("msg_05")], state))).toBe(false);
    const ended = anAnswer({ message_id: "msg_07", parent_id: "msg_05", job_id: "job_4" });
    const done = { ...completed(), job_id: "job_4", message: ended } as LogAction;
    expect(busy(play([done], state))).toBe(false);
  });

  it("is grouped by a parent that was not read yet", () => {
    const late = [
      aMessage({ message_id: "msg_21", parent_id: "msg_20" }),
      aMessage({ message_id: "msg_22", parent_id: "msg_20", content: "Why now?" }),
    ];
    const state = play([snapshot({ items: late, next_cursor: "older" })]);
    expect(places(state)).toEqual(["2/2"]);
    const parent = anAnswer({ message_id: "msg_20", parent_id: null });
    const whole = play([snapshot({ items: [parent] }, false)], play([show("msg_21")], state));
    expect(ids(whole)).toEqual(["msg_20", "msg_21"]);
    expect(places(whole)).toEqual([null, "1/2"]);
  });

  it("that lies on a page not read yet is waited for, not replaced", () => {
    const newest = snapshot({ items: EDIT, next_cursor: "older" });
    const waiting = play([show("msg_04"), newest]);
    expect(ids(waiting)).toEqual([]);
    expect(leafOf(waiting, CONVERSATION)).toBe("msg_04");
    const read = play([snapshot({ items: TALK }, false)], waiting);
    expect(ids(read)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
    const gone = play([snapshot({ items: [aMessage()] }, false)], waiting);
    expect(ids(gone)).toEqual(["msg_05", "msg_06"]);
  });

  it("is told whole with all others, oldest first", () => {
    const told = wholeTree(play([show(QUESTION)], BOTH), CONVERSATION);
    expect(told.map((message) => message.message_id)).toEqual(
      [...TALK, ...EDIT].map((message) => message.message_id),
    );
  });
});

describe("a failed attempt", () => {
  const second = { job_id: "job_2", message_id: "msg_03" };
  const retried = play([accepted(), started(), failed(), accepted({ job_id: "job_2" }), started(second)]);

  it("is no version once there is another, which may fail as well", () => {
    expect(places(retried)).toEqual([null, null]);
    const twice = play([failed(second)], retried);
    expect(ids(twice)).toEqual([QUESTION, "msg_03"]);
    expect(places(twice)).toEqual([null, null]);
  });

  it("is one where the talk went on from it, and where it is the newest", () => {
    const next = aMessage({ message_id: "msg_04", parent_id: ANSWER });
    expect(places(play([accepted({ message: next, job_id: "job_3" })], retried))).toEqual([null, "1/2", null, null]);
    const newest = play([accepted(), completed(), failed(second)]);
    expect(places(newest)).toEqual([null, "2/2"]);
  });

  it("counts as one when it was stopped before its first word", () => {
    const stopped = anAnswer({ content: "", finish_reason: "cancelled" });
    const better = anAnswer({ message_id: "msg_03", job_id: "job_2" });
    expect(places(play([snapshot({ items: [aMessage(), stopped, better] })]))).toEqual([null, null]);
    const kept = { ...stopped, content: "Be" };
    expect(places(play([snapshot({ items: [aMessage(), kept, better] })]))).toEqual([null, "2/2"]);
  });
});

it("forgets the branch of a conversation that was deleted", () => {
  const gone: LogAction = { type: "conversation.deleted", conversation_id: CONVERSATION };
  expect(play([show(QUESTION), gone], BOTH).branches.size).toBe(0);
});

it("keeps an item the same object while nothing about it changes", () => {
  const grown = (index: number, text: string) => ({ ...delta(index, text), job_id: "job_8" }) as LogAction;
  const begun = started({ job_id: "job_8", message_id: "msg_07", parent_id: "msg_05" });
  const growing = play([begun, grown(0, "N")], BOTH);
  const before = visibleThread(growing, CONVERSATION);
  const after = visibleThread(play([grown(1, "o")], growing), CONVERSATION);
  expect(before[0]).toBe(after[0]);
  expect(after.at(-1)).toMatchObject({ job_id: "job_8", text: "No", branch: { place: 2, count: 2 } });
});
