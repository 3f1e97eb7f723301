/**
 * Logs of the real stack, played to the page in every way it may meet them: what it shows then is
 * the same. Made by `python -m tests.e2e.recordings web/tests/recorded`.
 */

import { readdirSync, readFileSync } from "node:fs";

import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";

import { type MessagePage, messagePage } from "../src/api/schemas";
import { compareCursors } from "../src/log/cursor";
import { type LogEvent, logEvent } from "../src/log/events";
import { type LogAction, type LogState } from "../src/log/state";
import { busyConversations, type ThreadItem, visibleThread } from "../src/log/thread";
import { treeOf } from "../src/log/tree";
import { play } from "./log.builders";

const FOLDER = new URL("./recorded/", import.meta.url);

const recording = v.object({
  about: v.string(),
  conversation_id: v.string(),
  events: v.array(logEvent),
  snapshots: v.array(v.object({ after: v.number(), pages: v.array(messagePage) })),
  end: v.array(messagePage),
});
type Recording = v.InferOutput<typeof recording>;

function read(name: string): Recording {
  return v.parse(recording, JSON.parse(readFileSync(new URL(name, FOLDER), "utf8")));
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

describe.each(names)("%s", (name) => {
  const { conversation_id, events, snapshots, end } = read(name);
  const told = everything(play(events), conversation_id);

  it("shows each branch whole when it is told live", () => {
    expect(told.branches.length).toBeGreaterThan(0);
    expect(told.busy).toEqual([]);
    for (const branch of told.branches) {
      for (const item of branch) expect(item.status).toMatch(/stored|done|failed|cancelled/);
    }
  });

  it("shows each reply whole before its end is told", () => {
    events.forEach((event, place) => {
      if (event.type !== "reply.completed") return;
      const reply = play(events.slice(0, place)).replies.get(event.job_id);
      expect(reply).toMatchObject({ text: event.message.content, status: "streaming" });
    });
  });

  it("shows the same from REST", () => {
    const state = play(pagesRead(conversation_id, end));
    expect(everything(state, conversation_id).branches).toEqual(told.branches);
  });

  it("shows the same from a snapshot in between and the log from its place on", () => {
    for (const { pages } of snapshots) {
      const place = pages[0]?.log_cursor ?? "";
      const rest = events.filter(({ cursor }) => (compareCursors(cursor ?? "", place) ?? 1) > 0);
      const state = play([...pagesRead(conversation_id, pages), ...rest]);
      expect(everything(state, conversation_id).branches).toEqual(told.branches);
    }
  });

  it("shows the same after resumes, each of which tells some of it again", () => {
    const cuts = fc.array(fc.tuple(fc.nat(events.length), fc.nat(5)), { maxLength: 5 });
    fc.assert(
      fc.property(cuts, (places) => {
        const pieces = places.flatMap(([upTo, again]) => events.slice(Math.max(0, upTo - again), upTo));
        expect(everything(play([...pieces, ...events]), conversation_id)).toEqual(told);
      }),
    );
  });

  it("shows the same when every event is doubled", () => {
    const state = play(events.flatMap((event) => [event, event]));
    expect(everything(state, conversation_id)).toEqual(told);
  });

  it("shows the same in any order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
        expect(everything(play(shuffled), conversation_id)).toEqual(told);
      }),
    );
  });

  it("shows the same when events are lost and REST makes up for them", () => {
    fc.assert(
      fc.property(fc.subarray(events), (heard: LogEvent[]) => {
        const state = play([...heard, { type: "log.lost" }, ...pagesRead(conversation_id, end)]);
        expect(everything(state, conversation_id).branches).toEqual(told.branches);
        expect(everything(state, conversation_id).busy).toEqual([]);
      }),
    );
  });
});

it("holds at least a fork, a failure, a stop and a second attempt", () => {
  const all = names.map(read);
  const events = all.flatMap((log) => log.events);
  expect(all.some(({ events: log, conversation_id }) => everything(play(log), conversation_id).branches.length > 3)).toBe(true);
  expect(events.some((event) => event.type === "reply.failed")).toBe(true);
  expect(events.some((event) => event.type === "reply.completed" && event.finish_reason === "cancelled")).toBe(true);
  expect(events.some((event) => event.type === "reply.started" && event.attempt > 1)).toBe(true);
  expect(events.some((event) => event.type === "reply.delta" && event.index > 0)).toBe(true);
});

/** All that a reader can come to see of a conversation, in every branch. */
function everything(state: LogState, conversation_id: string) {
  const { nodes, children } = treeOf(state, conversation_id);
  const leaves = [...nodes.keys()].filter((id) => !children.has(id)).sort();
  return {
    title: state.conversations.get(conversation_id)?.conversation.title,
    busy: [...busyConversations(state)],
    branches: leaves.map((id) => {
      const chosen = play([{ type: "local.branch", conversation_id, id }], state);
      return visibleThread(chosen, conversation_id).map(looksOf);
    }),
  };
}

/** Without the key, and what only one of log and REST tells of a reply that failed. */
function looksOf(item: ThreadItem) {
  const { message_id, status, branch, failure } = item;
  const text = item.kind === "user" ? item.content : item.text;
  return { message_id, status, text, branch, failure: failure?.code ?? null };
}

/** Newest page first, as the page reads them. */
function pagesRead(conversation_id: string, pages: readonly MessagePage[]): LogAction[] {
  return pages.map((page, place) => ({
    ...{ type: "snapshot.thread", conversation_id, page },
    isNewest: place === 0,
  }));
}
