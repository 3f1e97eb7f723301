/** What the tree costs at 5,000 messages: `npx vitest bench`. */

import { bench, describe } from "vitest";

import { reduce } from "../src/log/reducer";
import { type LogAction, type LogState } from "../src/log/state";
import { busyConversations, visibleThread } from "../src/log/thread";
import { aMessage, anAnswer, CONVERSATION, delta, play, snapshot, started } from "./log.builders";

const MESSAGES = 5_000;
/** Each so many questions, one is asked in two ways. */
const FORK_EVERY = 10;

function name(n: number): string {
  return `msg_${String(n).padStart(6, "0")}`;
}

function parentOf(n: number): string | null {
  if (n === 0) return null;
  return name(n > 2 && n % (2 * FORK_EVERY) === 0 ? n - 3 : n - 1);
}

const items = Array.from({ length: MESSAGES }, (_, n) => {
  const ids = { message_id: name(n), parent_id: parentOf(n) };
  return n % 2 === 0 ? aMessage(ids) : anAnswer({ ...ids, job_id: `job_${n}` });
});
const read = play([snapshot({ items })]);
const running = { job_id: "job_1x", message_id: name(MESSAGES + 1), parent_id: name(MESSAGES - 2) };

/** What the page does at an event. */
function see(state: LogState, action: LogAction): LogState {
  const next = reduce(state, action);
  visibleThread(next, CONVERSATION);
  busyConversations(next);
  return next;
}

describe("a conversation of 5,000 messages", () => {
  let growing = see(read, started(running));
  let length = 0;
  bench("a delta", () => {
    growing = see(growing, { ...delta(length, "x"), job_id: running.job_id } as LogAction);
    length += 1;
  });

  let added = 0;
  bench("a message, which builds the tree", () => {
    added += 1;
    const message = aMessage({ message_id: `msg_9${added}`, parent_id: name(MESSAGES - 1) });
    see(read, { type: "message.accepted", conversation_id: CONVERSATION, job_id: "job_y", message });
  });

  const ways = [name(1), name(MESSAGES - 1)];
  let turn = 0;
  bench("another branch", () => {
    turn += 1;
    see(read, { type: "local.branch", conversation_id: CONVERSATION, id: ways[turn % 2] ?? "" });
  });
});
