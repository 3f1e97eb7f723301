/** Which replies came to their end between two states: what a reader who was away missed. */

import { isEnded } from "./replies";
import { type LogState } from "./state";

export interface Finished {
  readonly job_id: string;
  readonly conversation_id: string;
  readonly text: string;
  readonly isFailed: boolean;
}

/**
 * Replies that ran in `before` and have ended in `after`. What was never seen to run is history,
 * and what the reader stopped is no news.
 */
export function finishedBetween(before: LogState, after: LogState): Finished[] {
  if (before.replies === after.replies) return [];
  const finished: Finished[] = [];
  for (const [job_id, reply] of after.replies) {
    const { conversation_id, message_id } = reply;
    const was = before.replies.get(job_id);
    if (was === undefined || was === reply || isEnded(was) || !isEnded(reply)) continue;
    if (conversation_id === null || after.deleted.has(conversation_id)) continue;
    const stored = message_id === null ? undefined : after.threads.get(conversation_id)?.messages.get(message_id);
    if (stored?.finish_reason === "cancelled") continue;
    const isFailed = reply.status === "failed" || stored?.finish_reason === "failed";
    finished.push({ job_id, conversation_id, text: stored?.content ?? reply.text, isFailed });
  }
  return finished;
}
