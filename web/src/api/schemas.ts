/**
 * The shapes that cross the wire, and the types the whole page uses for them.
 *
 * `api/prosa.ts` reads HTTP answers with these, `socket/frames.ts` builds the frames on them.
 * Unknown fields are dropped, so that an older page lives with a newer server; a field the
 * server leaves out because it is null reads as null.
 */

import * as v from "valibot";

const optionalText = v.nullish(v.string(), null);

export const finishReason = v.picklist(["stop", "length", "cancelled", "failed"]);
export type FinishReason = v.InferOutput<typeof finishReason>;

export const failure = v.object({
  code: v.string(),
  detail: v.string(),
  retryable: v.optional(v.boolean(), false),
  retry_after_s: v.nullish(v.number(), null),
});
export type Failure = v.InferOutput<typeof failure>;

export const usage = v.object({ input_tokens: v.number(), output_tokens: v.number() });

export const message = v.object({
  message_id: v.string(),
  conversation_id: v.string(),
  parent_id: optionalText,
  role: v.picklist(["user", "assistant"]),
  content: v.string(),
  created_at: v.string(),
  job_id: optionalText,
  model: optionalText,
  usage: v.nullish(usage, null),
  finish_reason: v.nullish(finishReason, null),
  failure: v.nullish(failure, null),
});
export type Message = v.InferOutput<typeof message>;

export const conversation = v.object({
  conversation_id: v.string(),
  title: v.string(),
  created_at: v.string(),
  updated_at: v.string(),
});
export type Conversation = v.InferOutput<typeof conversation>;

/** A reply that was promised. `message_id` is the user message, `reply_id` the answer to come. */
export const job = v.object({
  job_id: v.string(),
  conversation_id: v.string(),
  message_id: v.string(),
  reply_id: v.string(),
  status: v.picklist(["queued", "running", "done", "failed", "cancelled"]),
  attempt: v.optional(v.number(), 0),
  model: optionalText,
});
export type Job = v.InferOutput<typeof job>;

export const accepted = v.object({
  job_id: v.string(),
  message_id: v.string(),
  reply_id: v.string(),
  conversation_id: v.string(),
});
export type Accepted = v.InferOutput<typeof accepted>;

export const conversationPage = v.object({
  items: v.array(conversation),
  next_cursor: optionalText,
});
export type ConversationPage = v.InferOutput<typeof conversationPage>;

/**
 * Messages oldest first; `next_cursor` pages back in time. `log_cursor` lies before the start of
 * every job in `running`: playing the log from there brings all of their text.
 */
export const messagePage = v.object({
  items: v.array(message),
  next_cursor: optionalText,
  log_cursor: optionalText,
  running: v.optional(v.array(job), []),
});
export type MessagePage = v.InferOutput<typeof messagePage>;

/** `message_id` null: the title says it. `matched` counts the snippet's code points. */
export const searchHit = v.object({
  conversation,
  message_id: optionalText,
  role: v.nullish(v.picklist(["user", "assistant"]), null),
  snippet: v.string(),
  matched: v.array(v.tuple([v.number(), v.number()])),
});
export type SearchHit = v.InferOutput<typeof searchHit>;

export const searchPage = v.object({
  items: v.array(searchHit),
  next_cursor: optionalText,
  searched_back_to: optionalText,
});
export type SearchPage = v.InferOutput<typeof searchPage>;

export const user = v.object({
  user_id: v.string(),
  email: optionalText,
  is_guest: v.boolean(),
  created_at: v.string(),
});
export type User = v.InferOutput<typeof user>;

/** `expires_in` is the access token's life in seconds. The refresh token works once. */
export const session = v.object({
  access_token: v.string(),
  refresh_token: v.string(),
  expires_in: v.number(),
  user,
});
export type Session = v.InferOutput<typeof session>;

export const ticket = v.object({
  ticket: v.string(),
  url: optionalText,
  expires_in: v.number(),
});
export type Ticket = v.InferOutput<typeof ticket>;

export const model = v.object({
  model_id: v.string(),
  label: v.string(),
  is_default: v.optional(v.boolean(), false),
});
export type Model = v.InferOutput<typeof model>;

export const modelList = v.object({ items: v.array(model) });

/** `code` with the field before it, `email_wrong_format`, is the code of the problem it makes. */
const fieldProblem = v.object({
  field: v.string(),
  code: v.optional(v.string(), ""),
  message: v.string(),
});

/** RFC 9457. `code` is stable and decides; `detail` is for the reader. */
export const problem = v.object({
  title: v.optional(v.string(), ""),
  detail: v.optional(v.string(), ""),
  code: v.optional(v.string(), "unknown"),
  errors: v.nullish(v.array(fieldProblem), []),
});
export type Problem = v.InferOutput<typeof problem>;
