/**
 * From the reader's Enter to the server's 202: one idempotency key a message, kept through every
 * retry and through a reload, so that a message is sent until it is accepted and accepted once.
 */

import { CallFailed, Unreachable } from "../api/errors";
import { type ProsaApi } from "../api/prosa";
import { type Accepted, type Failure } from "../api/schemas";
import { SignedOut } from "../api/session";
import { type Pending } from "../log/state";
import { type LogStore } from "../log/store";
import { leafOf } from "../log/thread";
import { readUnsent, writeUnsent } from "./drafts";

export interface OutboxOptions {
  readonly api: ProsaApi;
  readonly store: LogStore;
  readonly userId: string;
  readonly onAccepted: (pending: Pending, accepted: Accepted) => void;
  /** See `LogSocket.stretch`. */
  readonly stretch: () => number | null;
  /** The reply may have been told while nobody listened. */
  readonly onUnheard: (conversationId: string) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  #leaving = new AbortController();
  /** Where the log was heard from when a key was first sent: an early try may have been accepted. */
  readonly #heardFrom = new Map<string, number | null>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Go on with what an earlier page of this tab left: unanswered is sent again, refused shown. */
  resume(): void {
    this.#leaving = new AbortController();
    for (const pending of readUnsent(this.#options.userId)) {
      if (pending.status === "sending") this.#launch(pending);
      else this.#options.store.dispatch({ type: "local.sending", pending });
    }
  }

  /** The page goes on without this user: stop trying, keep what is stored for the next time. */
  stop(): void {
    this.#leaving.abort();
  }

  send(conversation_id: string | null, content: string, model: string | null): void {
    const parent_id = conversation_id && leafOf(this.#options.store.state(), conversation_id);
    this.#launch(newPending({ conversation_id, parent_id, content, instead_of: null, model }));
  }

  /** Say it differently: a message beside `message_id`, which stays. */
  edit(conversation_id: string, message_id: string, content: string, model: string | null): void {
    const thread = this.#options.store.state().threads.get(conversation_id);
    const parent_id = thread?.messages.get(message_id)?.parent_id ?? null;
    const instead_of = message_id;
    this.#launch(newPending({ conversation_id, parent_id, content, instead_of, model }));
  }

  /** Ask for another reply to the user message `parent_id`, beside `instead_of`. */
  askAgain(
    conversation_id: string,
    parent_id: string,
    instead_of: string | null,
    model: string | null,
  ): void {
    this.#launch(newPending({ conversation_id, parent_id, content: null, instead_of, model }));
  }

  retry(key: string): void {
    const pending = this.#options.store.state().pending.get(key);
    if (pending?.status === "refused") this.#launch({ ...pending, status: "sending", failure: null });
  }

  discard(key: string): void {
    this.#heardFrom.delete(key);
    this.#options.store.dispatch({ type: "local.discarded", key });
    this.#remember();
  }

  #launch(pending: Pending): void {
    this.#options.store.dispatch({ type: "local.sending", pending });
    this.#remember();
    void this.#deliver(pending);
  }

  async #deliver(pending: Pending): Promise<void> {
    const { store, onAccepted } = this.#options;
    const { key } = pending;
    const { signal } = this.#leaving;
    if (!this.#heardFrom.has(key)) this.#heardFrom.set(key, this.#options.stretch());
    try {
      const accepted = await this.#post(pending, signal);
      store.dispatch({ type: "local.accepted", key, accepted });
      onAccepted(pending, accepted);
      this.#checkHeard(key, accepted);
    } catch (error) {
      if (signal.aborted) return;
      store.dispatch({ type: "local.refused", key, failure: asFailure(error) });
    }
    this.#remember();
  }

  #post(pending: Pending, signal: AbortSignal): Promise<Accepted> {
    const { key, conversation_id, parent_id, content, instead_of, model } = pending;
    const { api } = this.#options;
    const options = { idempotencyKey: key, signal };
    if (content === null) return api.askAgain(parent_id ?? "", model, options);
    const body = {
      content,
      ...(conversation_id !== null && { conversation_id }),
      // No parent at all means after the newest message; an edit of the first one says null.
      ...((parent_id !== null || instead_of !== null) && { parent_id }),
      ...(model !== null && { model }),
    };
    return api.sendMessage(body, options);
  }

  #checkHeard(key: string, { conversation_id }: Accepted): void {
    const { stretch, onUnheard } = this.#options;
    const from = this.#heardFrom.get(key) ?? null;
    this.#heardFrom.delete(key);
    if (from === null || from !== stretch()) onUnheard(conversation_id);
  }

  #remember(): void {
    const { store, userId } = this.#options;
    writeUnsent(userId, [...store.state().pending.values()]);
  }
}

function newPending(
  message: Pick<Pending, "conversation_id" | "parent_id" | "content" | "instead_of" | "model">,
): Pending {
  const created_at = new Date().toISOString();
  return { key: newKey(), ...message, created_at, status: "sending", failure: null, seen_as: null };
}

/** 128 random bits. `crypto.randomUUID` would need a secure context, this does not. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `code` says it where the server had no words; the components have them. */
function asFailure(error: unknown): Failure {
  if (error instanceof SignedOut) return failure("signed_out", "", false, null);
  if (error instanceof Unreachable) return failure("unreachable", "", true, null);
  if (!(error instanceof CallFailed)) throw error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "unexpected";
  return failure(code, error.message, error.isRetryable, error.retryAfterS);
}

function failure(
  code: string,
  detail: string,
  retryable: boolean,
  retry_after_s: number | null,
): Failure {
  return { code, detail, retryable, retry_after_s };
}
