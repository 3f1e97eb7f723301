/**
 * What the page knows: one immutable value, made by `reducer.ts` alone.
 *
 * Everything is keyed by ids the server made, so that the same fact from a socket, a resume or a
 * REST snapshot lands in the same place.
 */

import {
  type Conversation,
  type ConversationPage,
  type Accepted,
  type Failure,
  type Message,
  type MessagePage,
} from "../api/schemas";
import { type LogEvent } from "./events";

export interface KnownConversation {
  readonly conversation: Conversation;
  /** The event it was last read from; null when REST told us. */
  readonly cursor: string | null;
  /** Made up here until the server tells its own: anything from the server replaces it. */
  readonly isGuess: boolean;
}

export interface Thread {
  readonly messages: ReadonlyMap<string, Message>;
  /** Pages back in time; null at the beginning of the conversation. */
  readonly olderCursor: string | null;
  /** Down to this message all are here; null until a page was read. */
  readonly readFrom: string | null;
  /** False until REST was read once, and again after the log was lost. */
  readonly isLoaded: boolean;
}

/** A reply that is being written, and afterwards the mark that it ended. Keyed by job. */
export interface Reply {
  readonly job_id: string;
  /** The three ids are null only while deltas have come without their `reply.started`. */
  readonly conversation_id: string | null;
  readonly message_id: string | null;
  readonly parent_id: string | null;
  /** 0 until an attempt started. */
  readonly attempt: number;
  readonly model: string | null;
  readonly status: "queued" | "streaming" | "done" | "failed";
  readonly text: string;
  /** Of `text`, in Unicode code points. */
  readonly length: number;
  /** How far the reply is known to reach; beyond `length` there is a gap. */
  readonly end: number;
  readonly failure: Failure | null;
  readonly isStopping: boolean;
  /** The log was lost while it ran: the next snapshot says whether it still does. */
  readonly isStale: boolean;
}

/** What the reader sent and the server has not accepted yet. Keyed by its idempotency key. */
export interface Pending {
  readonly key: string;
  /** null begins a conversation. */
  readonly conversation_id: string | null;
  readonly parent_id: string | null;
  /** null asks again for a reply to `parent_id`, a user message. */
  readonly content: string | null;
  /** The message that an edit, or another reply, would stand beside. */
  readonly instead_of: string | null;
  readonly model: string | null;
  readonly created_at: string;
  readonly status: "sending" | "refused";
  readonly failure: Failure | null;
  /** The accepted message, or the job, it most likely became: told by the log before its 202. */
  readonly seen_as: string | null;
}

export interface LogState {
  readonly conversations: ReadonlyMap<string, KnownConversation>;
  readonly olderConversations: { readonly cursor: string | null; readonly isLoaded: boolean };
  /** Ids never come back, so an event about one of these is late. */
  readonly deleted: ReadonlySet<string>;
  readonly threads: ReadonlyMap<string, Thread>;
  readonly replies: ReadonlyMap<string, Reply>;
  readonly pending: ReadonlyMap<string, Pending>;
  /** By conversation: the leaf of the branch the reader chose. None where it is the newest. */
  readonly branches: ReadonlyMap<string, string>;
}

export const EMPTY_THREAD: Thread = {
  messages: new Map(),
  olderCursor: null,
  readFrom: null,
  isLoaded: false,
};

export const INITIAL_STATE: LogState = {
  conversations: new Map(),
  olderConversations: { cursor: null, isLoaded: false },
  deleted: new Set(),
  threads: new Map(),
  replies: new Map(),
  pending: new Map(),
  branches: new Map(),
};

/** What may change the state: the log's events, REST snapshots, and what the reader does here. */
export type LogAction =
  | LogEvent
  | { readonly type: "log.lost" }
  | { readonly type: "snapshot.list"; readonly page: ConversationPage; readonly isFirst: boolean }
  | {
      readonly type: "snapshot.thread";
      readonly conversation_id: string;
      readonly page: MessagePage;
      readonly isNewest: boolean;
    }
  | { readonly type: "local.renamed"; readonly conversation: Conversation }
  | { readonly type: "local.sending"; readonly pending: Pending }
  | { readonly type: "local.accepted"; readonly key: string; readonly accepted: Accepted }
  | { readonly type: "local.refused"; readonly key: string; readonly failure: Failure }
  | { readonly type: "local.discarded"; readonly key: string }
  | {
      /** Show the branch through this message, which may not have been read yet. */
      readonly type: "local.branch";
      readonly conversation_id: string;
      readonly id: string;
    }
  | { readonly type: "local.stopping"; readonly job_id: string; readonly isStopping: boolean };
