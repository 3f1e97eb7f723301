/**
 * The HTTP API by name: one method a call, answers read as the types of `schemas.ts`.
 *
 * Made once in `main.tsx`; the chat and its components call it. Throws CallFailed or SignedOut.
 */

import type * as v from "valibot";

import { type Call, type HttpOptions, readAs, sendWithRetries } from "./http";
import * as wire from "./schemas";
import { type Session } from "./session";

const CONVERSATIONS_PER_PAGE = 40;
/** `many` is the most a call gives, for a long way back. */
const MESSAGES_PER_PAGE = { some: 50, many: 100 } as const;
const HITS_PER_PAGE = 20;
const SEARCH_TRIES = 3;
export const SEARCH_MAX_CHARS = 200;
export type PageSize = keyof typeof MESSAGES_PER_PAGE;

export interface NewMessage {
  readonly content: string;
  readonly conversation_id?: string;
  /** null begins another branch at the conversation's beginning. */
  readonly parent_id?: string | null;
  readonly model?: string;
}

export interface SendOptions {
  readonly idempotencyKey: string;
  readonly signal?: AbortSignal;
}

export class ProsaApi {
  readonly #session: Session;
  readonly #options: HttpOptions;
  #models: Promise<readonly wire.Model[]> | null = null;

  constructor(session: Session, options: HttpOptions) {
    this.#session = session;
    this.#options = options;
  }

  sendMessage(body: NewMessage, options: SendOptions): Promise<wire.Accepted> {
    return this.#post("/chat", body, options);
  }

  /** Ask for another reply to a user message. */
  askAgain(messageId: string, model: string | null, options: SendOptions): Promise<wire.Accepted> {
    return this.#post(`/messages/${messageId}/replies`, model === null ? {} : { model }, options);
  }

  async cancelJob(jobId: string): Promise<void> {
    await this.#send({ method: "DELETE", path: `/jobs/${jobId}` });
  }

  conversations(cursor: string | null): Promise<wire.ConversationPage> {
    return this.#get(page("/conversations", CONVERSATIONS_PER_PAGE, cursor), wire.conversationPage);
  }

  messages(
    conversationId: string,
    cursor: string | null,
    size: PageSize = "some",
  ): Promise<wire.MessagePage> {
    const path = `/conversations/${conversationId}/messages`;
    return this.#get(page(path, MESSAGES_PER_PAGE[size], cursor), wire.messagePage);
  }

  async rename(conversationId: string, title: string): Promise<wire.Conversation> {
    const path = `/conversations/${conversationId}`;
    const response = await this.#send({ method: "PATCH", path, body: { title } });
    return readAs(response, wire.conversation);
  }

  async remove(conversationId: string): Promise<void> {
    await this.#send({ method: "DELETE", path: `/conversations/${conversationId}` });
  }

  /** A page of what says `question`, `SEARCH_MAX_CHARS` at most. */
  async search(
    question: string,
    cursor: string | null,
    signal: AbortSignal,
  ): Promise<wire.SearchPage> {
    const path = page("/conversations/search", HITS_PER_PAGE, cursor, { q: question });
    // The reader waits and can ask again, so the call is not tried for minutes.
    const options = { ...this.#options, maxTries: SEARCH_TRIES };
    const call: Call = { method: "GET", path, signal };
    return readAs(await sendWithRetries(this.#session.send, call, options), wire.searchPage);
  }

  /** What may answer; asked once per page. */
  models(): Promise<readonly wire.Model[]> {
    this.#models ??= this.#get("/models", wire.modelList).then(
      ({ items }) => items,
      (error: unknown) => {
        this.#models = null;
        throw error;
      },
    );
    return this.#models;
  }

  /** One ticket opens one socket. Not retried here: the socket has a backoff of its own. */
  async ticket(): Promise<wire.Ticket> {
    const response = await this.#session.send({ method: "POST", path: "/ws-tickets" });
    return readAs(response, wire.ticket);
  }

  async #post(path: string, body: unknown, options: SendOptions): Promise<wire.Accepted> {
    const call: Call = { method: "POST", path, body, ...options };
    return readAs(await this.#send(call), wire.accepted);
  }

  async #get<S extends v.GenericSchema>(path: string, schema: S): Promise<v.InferOutput<S>> {
    return readAs(await this.#send({ method: "GET", path }), schema);
  }

  #send(call: Call): Promise<Response> {
    return sendWithRetries(this.#session.send, call, this.#options);
  }
}

function page(
  path: string,
  limit: number,
  cursor: string | null,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({ ...more, limit: String(limit) });
  if (cursor !== null) query.set("cursor", cursor);
  // A space as %20: a plus sign is not one to every reader of addresses.
  return `${path}?${query.toString().replaceAll("+", "%20")}`;
}
