/** Laws of the tree, on generated conversations that fork anywhere. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type LogEvent } from "../src/log/events";
import { type LogAction, type LogState } from "../src/log/state";
import { visibleThread, wholeTree } from "../src/log/thread";
import { treeOf } from "../src/log/tree";
import { accepted, aMessage, anAnswer, CONVERSATION, failed, play, snapshot, started } from "./log.builders";

type End = "completed" | "failed" | "none";

interface Step {
  readonly isAgain: boolean;
  readonly at: number;
  readonly end: End;
}

const aStep = (...ends: End[]): fc.Arbitrary<Step> =>
  fc.record({ isAgain: fc.boolean(), at: fc.nat(), end: fc.constantFrom(...ends) });

/** A log as the server writes it: each step says something anywhere, or asks again for a reply. */
function aTalk(...ends: End[]): fc.Arbitrary<LogEvent[]> {
  return fc.array(aStep(...ends), { minLength: 1, maxLength: 12 }).map((steps) => {
    const questions: string[] = [];
    const replies: (string | null)[] = [null];
    const log = steps.flatMap((step, n) => {
      const asked = step.isAgain ? questions[step.at % (questions.length || 1)] : undefined;
      const parent = replies[step.at % replies.length] ?? null;
      const question = asked ?? name(2 * n);
      if (asked === undefined) questions.push(question);
      replies.push(name(2 * n + 1));
      return eventsOf(question, asked === undefined ? parent : undefined, n, step.end);
    });
    return log.map((event, seq) => ({ ...event, cursor: `e:${seq + 1}` }));
  });
}

/** `parent` undefined asks again for a reply: the event tells the question as it was. */
function eventsOf(question: string, parent: string | null | undefined, n: number, end: End): LogEvent[] {
  const ids = { job_id: `job_${n}`, message_id: name(2 * n + 1), parent_id: question };
  const message = aMessage({ message_id: question, parent_id: parent ?? null, content: question });
  const begun = [started(ids)];
  if (parent !== undefined) begun.unshift(accepted({ message, job_id: ids.job_id }));
  if (end === "failed") return [...begun, failed(ids)];
  if (end === "none") return begun;
  const answer = anAnswer({ ...ids, content: ids.message_id });
  return [
    ...begun,
    {
      ...{ type: "reply.completed", job_id: ids.job_id, conversation_id: CONVERSATION },
      ...{ message: answer, usage: null, finish_reason: "stop" },
    },
  ];
}

function name(n: number): string {
  return `msg_${String(n).padStart(3, "0")}`;
}

function show(id: string): LogAction {
  return { type: "local.branch", conversation_id: CONVERSATION, id };
}

function shown(state: LogState): (string | null)[] {
  return visibleThread(state, CONVERSATION).map((item) => item.message_id);
}

function someNode(state: LogState, at: number): string {
  const ids = [...treeOf(state, CONVERSATION).nodes.keys()];
  return ids[at % ids.length] ?? "";
}

const ANY: End[] = ["completed", "failed", "none"];

describe("what is shown", () => {
  it("is a path from a beginning to a leaf, and through what was chosen", () => {
    fc.assert(
      fc.property(aTalk(...ANY), fc.nat(), (log, at) => {
        const state = play(log);
        const id = someNode(state, at);
        const { nodes, children } = treeOf(state, CONVERSATION);
        const path = shown(play([show(id)], state));
        expect(path).toContain(id);
        path.forEach((step, place) => {
          expect(nodes.get(step ?? "")?.parent_id).toBe(path[place - 1] ?? null);
        });
        expect(children.has(path.at(-1) ?? null)).toBe(false);
      }),
    );
  });

  it("ends, without a choice, in the newest leaf there is", () => {
    fc.assert(
      fc.property(aTalk(...ANY), (log) => {
        const state = play(log);
        const { nodes, children } = treeOf(state, CONVERSATION);
        const leaves = [...nodes.keys()].filter((id) => !children.has(id)).sort();
        expect(shown(state).at(-1)).toBe(leaves.at(-1));
      }),
    );
  });

  it("has every other version within reach, and the way back", () => {
    fc.assert(
      fc.property(aTalk(...ANY), fc.nat(), (log, at) => {
        const state = play([show(someNode(play(log), at))], play(log));
        for (const { branch, status } of visibleThread(state, CONVERSATION)) {
          if (branch === null) continue;
          expect(branch.count).toBeGreaterThan(1);
          expect(branch.previous === null).toBe(branch.place === 1);
          expect(branch.next === null).toBe(branch.place === branch.count);
          if (branch.next === null) continue;
          const there = play([show(branch.next)], state);
          expect(shown(there)).toContain(branch.next);
          const back = visibleThread(there, CONVERSATION).find((item) => item.branch?.id === branch.next);
          // A failed attempt that is left is no version any more.
          const left = status === "failed" ? [branch.id, branch.previous] : [branch.id];
          expect(left).toContain(back?.branch?.previous ?? null);
        }
      }),
    );
  });

  it("stays, where it is not the newest, whatever else is told", () => {
    fc.assert(
      fc.property(aTalk(...ANY), fc.nat(), fc.nat(), (log, cut, at) => {
        const then = play(log.slice(0, 1 + (cut % log.length)));
        const state = play([show(someNode(then, at))], then);
        fc.pre(state.branches.size > 0);
        const before = shown(state).filter((id) => id !== null);
        expect(shown(play(log, state)).slice(0, before.length)).toEqual(before);
      }),
    );
  });
});

describe("a forked log", () => {
  it("comes to the same state doubled, cut and replayed, or played twice", () => {
    fc.assert(
      fc.property(aTalk(...ANY), fc.infiniteStream(fc.boolean()), (log, kept) => {
        const whole = play(log);
        const cut = log.filter(() => kept.next().value === true);
        expect(play(log.flatMap((event) => [event, event]))).toEqual(whole);
        expect(play([...cut, ...log])).toEqual(whole);
        expect(play([...log, ...log])).toEqual(whole);
      }),
    );
  });

  it("shows the same however it was shuffled, once every reply has its end", () => {
    const shuffled = aTalk("completed").chain((log) =>
      fc.record({
        log: fc.constant(log),
        other: fc.shuffledSubarray(log, { minLength: log.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, fc.nat(), ({ log, other }, at) => {
        const [one, two] = [play(log), play(other)];
        expect(visibleThread(two, CONVERSATION)).toEqual(visibleThread(one, CONVERSATION));
        const choice = show(someNode(one, at));
        expect(visibleThread(play([choice], two), CONVERSATION)).toEqual(
          visibleThread(play([choice], one), CONVERSATION),
        );
      }),
    );
  });

  it("shows the same from pages of any size as from the log", () => {
    fc.assert(
      fc.property(aTalk("completed"), fc.integer({ min: 1, max: 7 }), fc.nat(), (log, size, at) => {
        const live = play(log);
        const choice = show(someNode(live, at));
        const left = wholeTree(live, CONVERSATION);
        const pages: LogAction[] = [choice];
        while (left.length > 0) {
          const items = left.splice(-size);
          const next_cursor = left.length > 0 ? "older" : null;
          pages.push(snapshot({ items, next_cursor }, pages.length === 1));
        }
        // The choice is one by its leaf only after a second look: a page knows no newer ones first.
        const read = play([...pages, choice]);
        expect(visibleThread(read, CONVERSATION)).toEqual(visibleThread(play([choice], live), CONVERSATION));
      }),
    );
  });
});
