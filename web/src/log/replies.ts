/**
 * How a reply grows: attempts, deltas by offset, and the one end that wins.
 *
 * Each function takes the replies as they are and one event, and gives the replies as they are
 * then. An event that is doubled, late or of an older attempt gives back the same map.
 */

import { type Job, type Message } from "../api/schemas";
import { type EventOf } from "./events";
import { type Reply } from "./state";

type Replies = ReadonlyMap<string, Reply>;

const NEW_REPLY: Omit<Reply, "job_id"> = {
  conversation_id: null,
  message_id: null,
  parent_id: null,
  attempt: 0,
  model: null,
  status: "queued",
  text: "",
  length: 0,
  end: 0,
  failure: null,
  isStopping: false,
  isStale: false,
};

interface Promised {
  readonly job_id: string;
  readonly conversation_id: string;
  readonly parent_id: string;
  readonly message_id: string | null;
}

/** A job exists. Its reply's id may not be known yet: `message.accepted` does not tell it. */
export function promised(replies: Replies, { job_id, ...ids }: Promised): Replies {
  const known = replies.get(job_id);
  if (known === undefined) return put(replies, { ...NEW_REPLY, job_id, ...ids });
  if (isEnded(known)) return replies;
  const message_id = ids.message_id ?? known.message_id;
  return put(replies, { ...known, ...ids, message_id, isStale: false });
}

/** A snapshot says the job runs. Its text comes from the log, so the attempt stays open. */
export function running(replies: Replies, job: Job): Replies {
  const { job_id, conversation_id, reply_id, message_id } = job;
  return promised(replies, { job_id, conversation_id, message_id: reply_id, parent_id: message_id });
}

export function started(replies: Replies, event: EventOf<"reply.started">): Replies {
  const { job_id, conversation_id, message_id, parent_id, attempt, model } = event;
  const known = replies.get(job_id) ?? { ...NEW_REPLY, job_id };
  if (known.status === "done" || attempt < known.attempt) return replies;
  const begun = attempt > known.attempt ? cleared(known, attempt) : known;
  return put(replies, { ...begun, conversation_id, message_id, parent_id, model, isStale: false });
}

export function grown(replies: Replies, event: EventOf<"reply.delta">): Replies {
  const { job_id, attempt, index, text } = event;
  const known = replies.get(job_id) ?? { ...NEW_REPLY, job_id };
  if (known.status === "done" || attempt < known.attempt) return replies;
  const reply = attempt > known.attempt ? cleared(known, attempt) : known;
  const points = Array.from(text);
  const end = Math.max(reply.end, index + points.length);
  if (index > reply.length) return put(replies, { ...reply, end });
  const fresh = points.slice(reply.length - index);
  if (fresh.length === 0) return reply === known ? replies : put(replies, reply);
  return put(replies, {
    ...reply,
    text: reply.text + fresh.join(""),
    length: reply.length + fresh.length,
    end,
    isStale: false,
  });
}

/** The reply is stored: what is left is the mark that nothing may follow. */
export function completed(replies: Replies, job_id: string, message: Message): Replies {
  const { conversation_id, message_id, parent_id, model } = message;
  const end = { ...NEW_REPLY, job_id, conversation_id, message_id, parent_id, model };
  return put(replies, { ...end, status: "done" });
}

/**
 * The job ended without an answer. What was written stays readable, so a replay may still fill
 * it in; it never runs again.
 */
export function failed(replies: Replies, event: EventOf<"reply.failed">): Replies {
  const { job_id, conversation_id, message_id, code, detail, retryable, retry_after_s } = event;
  const known = replies.get(job_id) ?? { ...NEW_REPLY, job_id };
  if (isEnded(known)) return replies;
  return put(replies, {
    ...known,
    conversation_id,
    message_id,
    parent_id: event.parent_id ?? known.parent_id,
    status: "failed",
    failure: { code, detail, retryable, retry_after_s },
    isStopping: false,
    isStale: false,
  });
}

export function stopping(replies: Replies, job_id: string, isStopping: boolean): Replies {
  const known = replies.get(job_id);
  if (known === undefined || isEnded(known)) return replies;
  return put(replies, { ...known, isStopping });
}

/** The log was lost: no reply that runs is known to run still. */
export function stale(replies: Replies): Replies {
  return mapReplies(replies, (reply) => (isEnded(reply) ? reply : { ...reply, isStale: true }));
}

/** A snapshot of the conversation was read: what it did not name ended unseen. */
export function withoutStale(replies: Replies, conversationId: string): Replies {
  const isGone = (reply: Reply) => reply.isStale && reply.conversation_id === conversationId;
  return new Map([...replies].filter(([, reply]) => !isGone(reply)));
}

/** The conversation is gone: events of its jobs that still come are late. */
export function ended(replies: Replies, conversationId: string): Replies {
  return mapReplies(replies, (reply) => {
    if (reply.conversation_id !== conversationId) return reply;
    const { job_id, message_id, parent_id } = reply;
    const mark = { job_id, conversation_id: conversationId, message_id, parent_id };
    return { ...NEW_REPLY, ...mark, status: "done" };
  });
}

export function isEnded(reply: Reply): boolean {
  return reply.status === "done" || reply.status === "failed";
}

export function hasGap(reply: Reply): boolean {
  return reply.end > reply.length;
}

function cleared(reply: Reply, attempt: number): Reply {
  const status = reply.status === "failed" ? "failed" : "streaming";
  return { ...reply, attempt, status, text: "", length: 0, end: 0 };
}

function put(replies: Replies, reply: Reply): Replies {
  return new Map(replies).set(reply.job_id, reply);
}

function mapReplies(replies: Replies, change: (reply: Reply) => Reply): Replies {
  return new Map([...replies].map(([key, reply]) => [key, change(reply)]));
}
