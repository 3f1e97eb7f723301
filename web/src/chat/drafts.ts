/**
 * What the reader wrote and did not send, kept over a reload of this tab.
 *
 * Storage that is full or forbidden loses the draft on reload and nothing else.
 */

import * as v from "valibot";

import { failure } from "../api/schemas";
import { type Pending } from "../log/state";

const DRAFT_PREFIX = "prosa.draft.";
const EDIT_PREFIX = "prosa.edit.";
const OUTBOX_PREFIX = "prosa.outbox.";

/** `conversationId` null is the conversation not begun yet. */
export function readDraft(conversationId: string | null): string {
  return read(DRAFT_PREFIX + (conversationId ?? "new")) ?? "";
}

export function writeDraft(conversationId: string | null, text: string): void {
  write(DRAFT_PREFIX + (conversationId ?? "new"), text === "" ? null : text);
}

/** The conversation that had no name has one now; what is written under it moves along. */
export function nameDraft(conversationId: string): void {
  writeDraft(conversationId, readDraft(null));
  writeDraft(null, "");
}

/** What the reader makes of a message they edit; null when they edit it not. */
export function readEdit(messageId: string): string | null {
  return read(EDIT_PREFIX + messageId);
}

export function writeEdit(messageId: string, text: string | null): void {
  write(EDIT_PREFIX + messageId, text);
}

const unsent = v.object({
  key: v.string(),
  conversation_id: v.nullable(v.string()),
  parent_id: v.nullable(v.string()),
  content: v.nullable(v.string()),
  instead_of: v.nullish(v.string(), null),
  model: v.nullable(v.string()),
  created_at: v.string(),
  status: v.picklist(["sending", "refused"]),
  failure: v.nullable(failure),
});

/** Messages that had no 202 when the page went away, with the keys they were sent under. */
export function readUnsent(userId: string): Pending[] {
  try {
    const found = v.safeParse(v.array(unsent), JSON.parse(read(OUTBOX_PREFIX + userId) ?? "[]"));
    if (!found.success) return [];
    return found.output.map((item) => ({ ...item, seen_as: null }));
  } catch {
    return [];
  }
}

export function writeUnsent(userId: string, pending: readonly Pending[]): void {
  write(OUTBOX_PREFIX + userId, pending.length === 0 ? null : JSON.stringify(pending));
}

function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // See the module docstring.
  }
}
