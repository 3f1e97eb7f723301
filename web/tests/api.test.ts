/** Calls against a real HTTP server: what is repeated, what is not, and with which key. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { parseRetryAfter, Refused, Unreachable, Unreadable } from "../src/api/errors";
import { sender } from "../src/api/http";
import { PageLocks } from "../src/api/locks";
import { ProsaApi } from "../src/api/prosa";
import { Session } from "../src/api/session";
import { ApiServer } from "./server";
import { SharedVault, tokens } from "./session.builders";

const ACCEPTED = { job_id: "job_1", message_id: "msg_1", reply_id: "msg_2", conversation_id: "cnv_1" };
const CHAT = "POST /chat";
const send = { idempotencyKey: "key_1" };

let server: ApiServer;
let api: ProsaApi;
let network: EventTarget;

beforeEach(async () => {
  server = new ApiServer();
  network = new EventTarget();
  const baseUrl = await server.listen();
  const options = { baseUrl, backoff: { baseMs: 1, capMs: 2 }, maxTries: 4, wakeOn: network };
  const session = new Session(sender(options), new SharedVault().tab(), new PageLocks());
  server.routes.set("POST /auth/guest", () => ({ status: 200, body: tokens(1) }));
  await session.signIn("/auth/guest");
  api = new ProsaApi(session, options);
});

afterEach(() => server.close());

describe("sending a message", () => {
  it("keeps one idempotency key through lost answers and server errors", async () => {
    server.routes.set(CHAT, (tried) => {
      if (tried === 1) return "cut";
      return tried === 2 ? { status: 502 } : { status: 202, body: ACCEPTED };
    });
    await expect(api.sendMessage({ content: "Why?" }, send)).resolves.toEqual(ACCEPTED);
    const keys = server.seen.filter(({ call }) => call === CHAT).map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual(["key_1", "key_1", "key_1"]);
  });

  it("stops at once where repeating cannot help, with the server's words", async () => {
    const body = { title: "Unprocessable", detail: "It is too long.", code: "invalid", status: 422 };
    server.routes.set(CHAT, () => ({ status: 422, body }));
    const failure = await api.sendMessage({ content: "Why?" }, send).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Refused);
    expect(failure).toMatchObject({ message: "It is too long.", code: "invalid", isRetryable: false });
    expect(server.tries(CHAT)).toBe(1);
  });

  it("waits as long as Retry-After says", async () => {
    const headers = { "Retry-After": "1" };
    server.routes.set(CHAT, (tried) => (tried === 1 ? { status: 429, headers } : { status: 202, body: ACCEPTED }));
    const before = performance.now();
    await api.sendMessage({ content: "Why?" }, send);
    expect(performance.now() - before).toBeGreaterThanOrEqual(990);
  });

  it("leaves a long Retry-After to the reader", async () => {
    const headers = { "Retry-After": "3600" };
    const body = { detail: "The budget is spent.", code: "budget_spent" };
    server.routes.set(CHAT, () => ({ status: 429, headers, body }));
    await expect(api.sendMessage({ content: "Why?" }, send)).rejects.toMatchObject({
      retryAfterS: 3600,
      isRetryable: true,
    });
    expect(server.tries(CHAT)).toBe(1);
  });

  it("gives up after its tries, and says that nobody answered", async () => {
    server.routes.set(CHAT, () => "cut");
    await expect(api.sendMessage({ content: "Why?" }, send)).rejects.toBeInstanceOf(Unreachable);
    expect(server.tries(CHAT)).toBe(4);
  });

  it("goes on at once when the network is back", async () => {
    const headers = { "Retry-After": "30" };
    server.routes.set(CHAT, (tried) => {
      if (tried > 1) return { status: 202, body: ACCEPTED };
      setTimeout(() => network.dispatchEvent(new Event("online")), 20);
      return { status: 503, headers };
    });
    await expect(api.sendMessage({ content: "Why?" }, send)).resolves.toEqual(ACCEPTED);
  });

  it("stops when the page leaves", async () => {
    const leaving = new AbortController();
    server.routes.set(CHAT, () => {
      leaving.abort();
      return "cut";
    });
    const sent = api.sendMessage({ content: "Why?" }, { ...send, signal: leaving.signal });
    await expect(sent).rejects.toMatchObject({ name: "AbortError" });
    expect(server.tries(CHAT)).toBe(1);
  });
});

describe("other calls", () => {
  it("does not repeat a change that carries no key", async () => {
    server.routes.set("PATCH /conversations/cnv_1", () => ({ status: 503 }));
    await expect(api.rename("cnv_1", "Why")).rejects.toMatchObject({ status: 503 });
    expect(server.tries("PATCH /conversations/cnv_1")).toBe(1);
  });

  it("reads what the server leaves out as null, and drops what it does not know", async () => {
    const item = { message_id: "m", conversation_id: "c", role: "user", content: "?", created_at: "t", extra: 1 };
    const call = "GET /conversations/c/messages";
    server.routes.set(call, () => ({ status: 200, body: { items: [item] } }));
    const page = await api.messages("c", null);
    expect(page).toMatchObject({ next_cursor: null, log_cursor: null, running: [] });
    expect(page.items[0]).toMatchObject({ parent_id: null, failure: null });
    expect(page.items[0]).not.toHaveProperty("extra");
  });

  it("asks for what is searched letter by letter, and gives up soon", async () => {
    const call = "GET /conversations/search";
    server.routes.set(call, () => ({ status: 503 }));
    const { signal } = new AbortController();
    await expect(api.search("pão & C++ 100%", "c=1", signal)).rejects.toMatchObject({ status: 503 });
    expect(server.tries(call)).toBe(3);
    const { query } = server.seen.at(-1) ?? { query: "" };
    expect(query).toBe("q=p%C3%A3o%20%26%20C%2B%2B%20100%25&limit=20&cursor=c%3D1");
  });

  it("names the field of an answer it cannot read", async () => {
    server.routes.set("GET /models", () => ({ status: 200, body: { items: [{ label: 1 }] } }));
    const failure = await api.models().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Unreadable);
    expect(String(failure)).toContain("items.0.");
  });
});

it.each([
  ["12", 12],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["soon", null],
  [null, null],
])("reads Retry-After %s as %s seconds", (header, seconds) => {
  expect(parseRetryAfter(header, Date.parse("2026-01-01T00:00:00Z"))).toBe(seconds);
});
