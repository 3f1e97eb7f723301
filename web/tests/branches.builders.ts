/** A conversation with two branches, and what a reader does in it. */

import { type LogAction, type LogState } from "../src/log/state";
import { type BranchPlace, visibleThread } from "../src/log/thread";
import { aMessage, anAnswer, aPending, ANSWER, CONVERSATION, play, QUESTION, snapshot } from "./log.builders";

/** Why? → Because. → And? → And so.   and beside them   Why not? → No. */
export const TALK = [
  aMessage(),
  anAnswer(),
  aMessage({ message_id: "msg_03", parent_id: ANSWER, content: "And?" }),
  anAnswer({ message_id: "msg_04", parent_id: "msg_03", content: "And so.", job_id: "job_2" }),
];
export const EDIT = [
  aMessage({ message_id: "msg_05", content: "Why not?" }),
  anAnswer({ message_id: "msg_06", parent_id: "msg_05", content: "No.", job_id: "job_3" }),
];
export const BOTH = play([snapshot({ items: [...TALK, ...EDIT] })]);

export const EDITING = aPending({ content: "Why ever?", instead_of: QUESTION });
export const AGAIN = aPending({ content: null, parent_id: QUESTION, instead_of: ANSWER });
export const FAILURE = { code: "rate_limited", detail: "Wait.", retryable: true, retry_after_s: null };

export function show(id: string): LogAction {
  return { type: "local.branch", conversation_id: CONVERSATION, id };
}

export function sending(pending = EDITING): LogAction {
  return { type: "local.sending", pending };
}

export function taken(fields: object = {}): LogAction {
  const answer = { job_id: "job_9", message_id: "msg_90", reply_id: "msg_91" };
  return {
    type: "local.accepted",
    key: "key_1",
    accepted: { ...answer, conversation_id: CONVERSATION, ...fields },
  };
}

export const REFUSED: LogAction = { type: "local.refused", key: "key_1", failure: FAILURE };
export const DISCARDED: LogAction = { type: "local.discarded", key: "key_1" };

export function ids(state: LogState): (string | null)[] {
  return visibleThread(state, CONVERSATION).map((item) => item.message_id ?? item.key);
}

export function places(state: LogState): (string | null)[] {
  const inWords = ({ place, count }: BranchPlace) => `${place}/${count}`;
  return visibleThread(state, CONVERSATION).map(({ branch }) => branch && inWords(branch));
}
