/**
 * The chat whole, without its components: real HTTP, a real socket, and what is shown then.
 *
 * Only what a browser gives a page is stood in for: window, document, storage, WebSocket.
 */

import { expect, vi } from "vitest";

import { sender } from "../src/api/http";
import { PageLocks } from "../src/api/locks";
import { ProsaApi } from "../src/api/prosa";
import { Session } from "../src/api/session";
import { Chat } from "../src/chat/chat";
import { type LogEvent } from "../src/log/events";
import { visibleThread } from "../src/log/thread";
import { Gateway, open } from "./gateway";
import { aConversation, aMessage, CONVERSATION } from "./log.builders";
import { ApiServer } from "./server";
import { SharedVault, tokens } from "./session.builders";

export const CHAT = "POST /chat";
export const LIST = "GET /conversations";
export const THREAD = `GET /conversations/${CONVERSATION}/messages`;

/** A page whose reader is signed in. */
export class Page {
  readonly server: ApiServer;
  readonly gateway: Gateway;
  readonly onAccepted = vi.fn();
  chat: Chat;
  readonly #session: Session;
  readonly #api: ProsaApi;

  static async open(): Promise<Page> {
    const [server, gateway] = [new ApiServer(), new Gateway()];
    browser(await gateway.listen());
    let ticket = 0;
    server.routes.set("POST /auth/guest", () => ({ status: 200, body: tokens(1) }));
    server.routes.set("POST /ws-tickets", () => ({
      status: 201,
      body: { ticket: `t${(ticket += 1)}`, url: null, expires_in: 30 },
    }));
    const list = { items: [aConversation()], next_cursor: null };
    server.routes.set(LIST, () => ({ status: 200, body: list }));
    const page = new Page(server, gateway, await server.listen());
    await page.#session.signIn("/auth/guest");
    return page;
  }

  private constructor(server: ApiServer, gateway: Gateway, baseUrl: string) {
    const options = { baseUrl, backoff: { baseMs: 1, capMs: 2 }, maxTries: 3 };
    this.server = server;
    this.gateway = gateway;
    this.#session = new Session(sender(options), new SharedVault().tab(), new PageLocks());
    this.#api = new ProsaApi(this.#session, options);
    this.chat = this.#newChat();
  }

  /** What a reload leaves: the tab's storage, and nothing in memory. */
  async reload(): Promise<void> {
    this.chat.stop();
    this.chat = this.#newChat();
    await this.chat.start(null);
  }

  async close(): Promise<void> {
    this.chat.stop();
    await this.gateway.close();
    await this.server.close();
    vi.unstubAllGlobals();
  }

  snapshotIs(log_cursor: string, fields: object = {}): void {
    const body = { items: [aMessage()], next_cursor: null, log_cursor, running: [], ...fields };
    this.server.routes.set(THREAD, () => ({ status: 200, body }));
  }

  tell(seq: number, event: LogEvent): void {
    this.gateway.send({ ...event, cursor: `e:${seq}` });
  }

  /** The conversation in words: "Why?", "streaming: Be". */
  shown(): unknown[] {
    return visibleThread(this.chat.store.state(), CONVERSATION).map((item) =>
      item.kind === "user" ? item.content : `${item.status}: ${item.text}`,
    );
  }

  async shows(...lines: string[]): Promise<void> {
    await vi.waitFor(() => {
      expect(this.shown()).toEqual(lines);
    });
  }

  /** Wait until `count` sockets were opened and the newest is up. */
  async sockets(count: number): Promise<void> {
    await vi.waitFor(() => {
      expect(this.gateway.clients).toHaveLength(count);
      expect(this.chat.connection()).toEqual({ name: "online" });
    });
  }

  /** The idempotency keys of the messages that were sent, in order. */
  keys(): unknown[] {
    const sent = this.server.seen.filter(({ call }) => call === CHAT);
    return sent.map(({ headers }) => headers["idempotency-key"]);
  }

  #newChat(): Chat {
    const { onAccepted } = this;
    return new Chat({ api: this.#api, session: this.#session, userId: "usr_1", onAccepted });
  }
}

function browser(href: string): void {
  const document = Object.assign(new EventTarget(), { hidden: true, visibilityState: "visible" });
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("document", document);
  vi.stubGlobal("location", { href });
  vi.stubGlobal("sessionStorage", aStorage());
  vi.stubGlobal("localStorage", aStorage());
  vi.stubGlobal("WebSocket", function WebSocket(url: string) {
    return open(url);
  });
}

function aStorage() {
  const storage = new Map<string, string>();
  return {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => storage.set(key, value),
    removeItem: (key: string) => storage.delete(key),
  };
}
