/**
 * The events of a user's log, as the gateway plays them. The contract is `prosa/events.py`.
 *
 * `socket/frames.ts` reads them off the wire; `reducer.ts` is the only one that interprets them.
 */

import * as v from "valibot";

import { conversation, finishReason, message, usage } from "../api/schemas";

/** "<epoch>:<seq>". Absent where an event did not come from the log. */
const cursor = v.optional(v.string());
const nullableText = v.nullish(v.string(), null);

export const logEvent = v.variant("type", [
  v.object({
    type: v.literal("message.accepted"),
    cursor,
    conversation_id: v.string(),
    job_id: v.string(),
    message,
  }),
  v.object({
    type: v.literal("reply.started"),
    cursor,
    job_id: v.string(),
    conversation_id: v.string(),
    message_id: v.string(),
    parent_id: v.string(),
    attempt: v.number(),
    model: nullableText,
  }),
  v.object({
    type: v.literal("reply.delta"),
    cursor,
    job_id: v.string(),
    attempt: v.number(),
    /** Offset of `text` in the reply, in Unicode code points. */
    index: v.number(),
    text: v.string(),
  }),
  v.object({
    type: v.literal("reply.completed"),
    cursor,
    job_id: v.string(),
    conversation_id: v.string(),
    message,
    usage: v.nullish(usage, null),
    finish_reason: finishReason,
  }),
  v.object({
    type: v.literal("reply.failed"),
    cursor,
    job_id: v.string(),
    conversation_id: v.string(),
    message_id: v.string(),
    parent_id: nullableText,
    code: v.string(),
    detail: v.string(),
    retryable: v.optional(v.boolean(), false),
    retry_after_s: v.nullish(v.number(), null),
  }),
  v.object({ type: v.literal("conversation.updated"), cursor, conversation }),
  v.object({ type: v.literal("conversation.deleted"), cursor, conversation_id: v.string() }),
]);
export type LogEvent = v.InferOutput<typeof logEvent>;
export type EventOf<T extends LogEvent["type"]> = Extract<LogEvent, { type: T }>;
