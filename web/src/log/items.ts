/** One message as it is shown, wherever it comes from: the store, the log, or this page's outbox. */

import { type Failure, type FinishReason, type Message } from "../api/schemas";
import { hasGap } from "./replies";
import { type Pending, type Reply } from "./state";

/** Where a message stands among those that could stand in its place. */
export interface BranchPlace {
  /** This one, as `local.branch` names it. */
  readonly id: string;
  /** From 1. */
  readonly place: number;
  readonly count: number;
  readonly previous: string | null;
  readonly next: string | null;
  /** A reply is being written in a branch that is not shown. */
  readonly isBusyBeside: boolean;
}

export interface UserItem {
  readonly kind: "user";
  readonly key: string;
  readonly message_id: string | null;
  readonly content: string;
  readonly created_at: string;
  readonly status: "stored" | "sending" | "refused";
  readonly failure: Failure | null;
  /** The message it would replace, while it is on its way. */
  readonly instead_of: string | null;
  /** null where there is no choice. */
  readonly branch: BranchPlace | null;
}

export interface ReplyItem {
  readonly kind: "reply";
  readonly key: string;
  readonly message_id: string | null;
  /** null while the asking is on its way. */
  readonly job_id: string | null;
  /** The user message it answers; null where an older page was not read yet. */
  readonly parent_id: string | null;
  readonly status: "queued" | "streaming" | "done" | "failed" | "cancelled";
  readonly text: string;
  readonly model: string | null;
  readonly created_at: string | null;
  readonly finish_reason: FinishReason | null;
  readonly failure: Failure | null;
  readonly hasGap: boolean;
  readonly isStopping: boolean;
  readonly branch: BranchPlace | null;
}

export type ThreadItem = UserItem | ReplyItem;

export function storedItem(message: Message, branch: BranchPlace | null): ThreadItem {
  return message.role === "user" ? userItem(message, branch) : storedReply(message, branch);
}

export function pendingItem(pending: Pending, branch: BranchPlace | null): ThreadItem {
  const { content } = pending;
  return content === null ? pendingReply(pending, branch) : pendingMessage(pending, content, branch);
}

export function liveReply(reply: Reply, branch: BranchPlace | null): ReplyItem {
  const { job_id, message_id, parent_id, model, text, failure, isStopping } = reply;
  return {
    ...{ kind: "reply", key: message_id ?? job_id, message_id, job_id, parent_id, branch },
    status: reply.status === "failed" ? "failed" : text === "" ? "queued" : "streaming",
    ...{ text, model, created_at: null, finish_reason: null, failure, isStopping },
    hasGap: reply.status !== "failed" && hasGap(reply),
  };
}

/** On its way to the server: nothing can follow it yet. */
export function isOnItsWay(item: ThreadItem): boolean {
  if (item.kind === "user") return item.status === "sending";
  return item.status === "queued" && item.job_id === null;
}

function userItem(message: Message, branch: BranchPlace | null): UserItem {
  const { message_id, content, created_at } = message;
  const rest = { status: "stored", failure: null, instead_of: null } as const;
  return { kind: "user", key: message_id, message_id, content, created_at, branch, ...rest };
}

function pendingMessage(pending: Pending, content: string, branch: BranchPlace | null): UserItem {
  const { key, created_at, status, failure, instead_of } = pending;
  const rest = { status, failure, instead_of, branch };
  return { kind: "user", key, message_id: null, content, created_at, ...rest };
}

function storedReply(message: Message, branch: BranchPlace | null): ReplyItem {
  const { message_id, job_id, parent_id, model, created_at, finish_reason, failure } = message;
  const isUnanswered = finish_reason === "failed" || finish_reason === "cancelled";
  return {
    ...{ kind: "reply", key: message_id, message_id, job_id, parent_id, branch },
    status: isUnanswered ? finish_reason : "done",
    text: message.content,
    ...{ model, created_at, finish_reason, failure, hasGap: false, isStopping: false },
  };
}

function pendingReply(pending: Pending, branch: BranchPlace | null): ReplyItem {
  const { key, parent_id, model, failure } = pending;
  return {
    ...{ kind: "reply", key, message_id: null, job_id: null, parent_id, text: "", model, failure },
    status: pending.status === "refused" ? "failed" : "queued",
    ...{ created_at: null, finish_reason: null, hasGap: false, isStopping: false, branch },
  };
}
