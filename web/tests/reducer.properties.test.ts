/** Laws of the reducer, on generated logs: replay is free, doubling is nothing. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type LogEvent } from "../src/log/events";
import { visibleThread } from "../src/log/thread";
import { accepted, aConversation, aMessage, completed, CONVERSATION, delta, failed, play, started } from "./log.builders";

/** A log as the server writes it: attempts in order, deltas gapless, one end or none yet. */
const aLog: fc.Arbitrary<LogEvent[]> = fc
  .record({
    attempts: fc.array(fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 3,
    }),
    end: fc.constantFrom("completed", "failed", "none"),
    titles: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
  })
  .map(({ attempts, end, titles }) => {
    const events: LogEvent[] = [accepted()];
    attempts.forEach((texts, place) => {
      const attempt = place + 1;
      events.push(started({ attempt }));
      let index = 0;
      for (const text of texts) {
        events.push(delta(index, text, attempt));
        index += Array.from(text).length;
      }
    });
    if (end === "completed") events.push(completed({ content: attempts.at(-1)?.join("") ?? "" }));
    if (end === "failed") events.push(failed());
    for (const title of titles) {
      events.push({ type: "conversation.updated", conversation: aConversation({ title }) });
    }
    return events.map((event, seq) => ({ ...event, cursor: `e:${seq + 1}` }));
  });

describe("the reducer", () => {
  it("comes to the same state by any prefix and a full replay", () => {
    fc.assert(
      fc.property(aLog, fc.nat(), (log, cut) => {
        const prefix = log.slice(0, cut % (log.length + 1));
        expect(play([...prefix, ...log])).toEqual(play(log));
      }),
    );
  });

  it("comes to the same state when each event is doubled", () => {
    fc.assert(
      fc.property(aLog, (log) => {
        expect(play(log.flatMap((event) => [event, event]))).toEqual(play(log));
      }),
    );
  });

  it("comes to the same state when events are lost and the log is then replayed", () => {
    fc.assert(
      fc.property(aLog, fc.infiniteStream(fc.boolean()), (log, kept) => {
        const cut = log.filter(() => kept.next().value === true);
        expect(play([...cut, ...log])).toEqual(play(log));
      }),
    );
  });

  it("shows the stored reply, however a completed log was shuffled", () => {
    const text = "the stored one";
    const log = [accepted(), started(), delta(0, "the "), delta(4, "sto"), completed({ content: text })];
    fc.assert(
      fc.property(fc.shuffledSubarray(log, { minLength: log.length }), (shuffled) => {
        expect(visibleThread(play(shuffled), CONVERSATION)).toMatchObject([
          { kind: "user", content: aMessage().content },
          { kind: "reply", status: "done", text },
        ]);
      }),
    );
  });
});
