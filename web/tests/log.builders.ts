/** Builders of events and state for the tests of the log: only what matters is in view. */

import { type Conversation, type Job, type Message, type MessagePage } from "../src/api/schemas";
import { type EventOf, type LogEvent } from "../src/log/events";
import { reduce } from "../src/log/reducer";
import { INITIAL_STATE, type LogAction, type LogState, type Pending } from "../src/log/state";

export const CONVERSATION = "cnv_1";
export const QUESTION = "msg_01";
export const ANSWER = "msg_02";
export const JOB = "job_1";

export function play(actions: readonly LogAction[], from: LogState = INITIAL_STATE): LogState {
  return actions.reduce(reduce, from);
}

export function aMessage(fields: Partial<Message> = {}): Message {
  return {
    message_id: QUESTION,
    conversation_id: CONVERSATION,
    parent_id: null,
    role: "user",
    content: "Why?",
    created_at: "2026-01-01T10:00:00.000Z",
    job_id: null,
    model: null,
    usage: null,
    finish_reason: null,
    failure: null,
    ...fields,
  };
}

export function anAnswer(fields: Partial<Message> = {}): Message {
  return aMessage({
    message_id: ANSWER,
    parent_id: QUESTION,
    role: "assistant",
    content: "Because.",
    job_id: JOB,
    finish_reason: "stop",
    ...fields,
  });
}

export function aConversation(fields: Partial<Conversation> = {}): Conversation {
  return {
    conversation_id: CONVERSATION,
    title: "Why",
    created_at: "2026-01-01T10:00:00.000Z",
    updated_at: "2026-01-01T10:00:00.000Z",
    ...fields,
  };
}

export function accepted(fields: Partial<EventOf<"message.accepted">> = {}): LogEvent {
  return { type: "message.accepted", conversation_id: CONVERSATION, job_id: JOB, message: aMessage(), ...fields };
}

export function started(fields: Partial<EventOf<"reply.started">> = {}): LogEvent {
  return {
    type: "reply.started",
    job_id: JOB,
    conversation_id: CONVERSATION,
    message_id: ANSWER,
    parent_id: QUESTION,
    attempt: 1,
    model: "local:tiny",
    ...fields,
  };
}

export function delta(index: number, text: string, attempt = 1): LogEvent {
  return { type: "reply.delta", job_id: JOB, attempt, index, text };
}

export function completed(fields: Partial<Message> = {}): LogEvent {
  return {
    type: "reply.completed",
    job_id: JOB,
    conversation_id: CONVERSATION,
    message: anAnswer(fields),
    usage: null,
    finish_reason: "stop",
  };
}

export function failed(fields: Partial<EventOf<"reply.failed">> = {}): LogEvent {
  return {
    type: "reply.failed",
    job_id: JOB,
    conversation_id: CONVERSATION,
    message_id: ANSWER,
    parent_id: QUESTION,
    code: "models_unavailable",
    detail: "All models are busy.",
    retryable: true,
    retry_after_s: null,
    ...fields,
  };
}

export function aJob(fields: Partial<Job> = {}): Job {
  return {
    job_id: JOB,
    conversation_id: CONVERSATION,
    message_id: QUESTION,
    reply_id: ANSWER,
    status: "running",
    attempt: 1,
    model: null,
    ...fields,
  };
}

export function snapshot(fields: Partial<MessagePage> = {}, isNewest = true): LogAction {
  const page = { items: [], next_cursor: null, log_cursor: "e:0", running: [], ...fields };
  return { type: "snapshot.thread", conversation_id: CONVERSATION, page, isNewest };
}

export function aPending(fields: Partial<Pending> = {}): Pending {
  return {
    key: "key_1",
    conversation_id: CONVERSATION,
    parent_id: null,
    content: "Why?",
    instead_of: null,
    model: null,
    created_at: "2026-01-01T10:00:00.000Z",
    status: "sending",
    failure: null,
    seen_as: null,
    ...fields,
  };
}
