/** Where what is sent stands until it is taken, and after it was refused. */

import { describe, expect, it } from "vitest";

import { leafOf, visibleThread } from "../src/log/thread";
import {
  AGAIN,
  BOTH,
  DISCARDED,
  FAILURE,
  ids,
  places,
  REFUSED,
  sending,
  show,
  TALK,
  taken,
} from "./branches.builders";
import {
  accepted,
  aMessage,
  aPending,
  ANSWER,
  CONVERSATION,
  play,
  QUESTION,
  snapshot,
} from "./log.builders";

describe("an edit on its way", () => {
  it("stands at once where it will be, as the newest version", () => {
    const state = play([show(QUESTION), sending()], BOTH);
    expect(visibleThread(state, CONVERSATION)).toMatchObject([{ content: "Why ever?", status: "sending" }]);
    expect(places(state)).toEqual(["3/3"]);
  });

  it("is shown when it was taken, whichever of 202 and event comes first", () => {
    const message = aMessage({ message_id: "msg_90", content: "Why ever?" });
    const told = accepted({ message, job_id: "job_9" });
    const from = play([show(QUESTION), sending()], BOTH);
    for (const order of [[taken(), told], [told, taken()]]) {
      expect(ids(play(order, from))).toEqual(["msg_90", "msg_91"]);
    }
    expect(ids(play([told], from))).toEqual(["msg_90", "job_9"]);
  });

  it("is shown also when the server's clock makes it older than its siblings", () => {
    const state = play([sending(), taken({ message_id: "msg_04b", reply_id: "msg_04c" })], BOTH);
    expect(ids(state)).toEqual(["msg_04b", "msg_04c"]);
  });

  it("does not pull back a reader who went elsewhere meanwhile", () => {
    const state = play([sending(), show(QUESTION), taken()], BOTH);
    expect(ids(state)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
    expect(places(state)[0]).toBe("1/3");
  });

  it("stays with its reason when it is refused, and can be left and come back to", () => {
    const state = play([show(QUESTION), sending(), REFUSED], BOTH);
    const [item] = visibleThread(state, CONVERSATION);
    expect(item).toMatchObject({ status: "refused", failure: FAILURE, instead_of: QUESTION });
    const left = play([show(item?.branch?.previous ?? "")], state);
    expect(ids(left)).toEqual(["msg_05", "msg_06"]);
    const [other] = visibleThread(left, CONVERSATION);
    expect(ids(play([show(other?.branch?.next ?? "")], left))).toEqual(["key_1"]);
  });

  it("leaves the branch it came from when it is discarded", () => {
    const before = play([show(QUESTION)], BOTH);
    expect(play([sending(), REFUSED, DISCARDED], before)).toEqual(before);
  });

  it("lets a message follow what it would replace, not itself", () => {
    const state = play([show(QUESTION), sending(), REFUSED], BOTH);
    const leaf = leafOf(state, CONVERSATION);
    expect(leaf).toBe("msg_04");
    const next = aPending({ key: "key_2", content: "So?", parent_id: leaf });
    expect(ids(play([sending(next)], state))).toEqual([QUESTION, ANSWER, "msg_03", "msg_04", "key_2"]);
  });
});

describe("another reply on its way", () => {
  const from = play([snapshot({ items: TALK })]);

  it("takes the place of any reply, not only of the last", () => {
    const state = play([sending(AGAIN)], from);
    expect(ids(state)).toEqual([QUESTION, "key_1"]);
    expect(places(state)).toEqual([null, "2/2"]);
    const running = play([taken({ message_id: QUESTION })], state);
    expect(ids(running)).toEqual([QUESTION, "msg_91"]);
    expect(ids(play([show(ANSWER)], running))).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
  });

  it("is one version, also when its event comes before its 202", () => {
    const told = accepted({ job_id: "job_9" });
    const state = play([sending(AGAIN), told], from);
    expect(places(state)).toEqual([null, "2/2"]);
    expect(places(play([taken({ message_id: QUESTION })], state))).toEqual([null, "2/2"]);
  });

  it("is given up for what was there", () => {
    const state = play([sending(AGAIN), REFUSED], from);
    expect(visibleThread(state, CONVERSATION).at(-1)).toMatchObject({ status: "failed", job_id: null });
    expect(play([DISCARDED], state)).toEqual(from);
  });
});

describe("a message sent from a branch", () => {
  it("stays in it, and becomes the newest", () => {
    const parent_id = "msg_04";
    const state = play([show(QUESTION), sending(aPending({ parent_id, content: "So?" }))], BOTH);
    expect(ids(state)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04", "key_1"]);
    const there = play([taken()], state);
    expect(ids(there)).toEqual([QUESTION, ANSWER, "msg_03", "msg_04", "msg_90", "msg_91"]);
    expect(there.branches.size).toBe(0);
  });

  it("that was refused waits in it", () => {
    const state = play([sending(aPending({ parent_id: "msg_06", content: "So?" })), REFUSED], BOTH);
    expect(ids(state)).toEqual(["msg_05", "msg_06", "key_1"]);
    expect(ids(play([show(QUESTION)], state))).toEqual([QUESTION, ANSWER, "msg_03", "msg_04"]);
  });
});
