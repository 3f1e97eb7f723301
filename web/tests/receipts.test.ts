/** A receipt is given for a reply that ended, once somebody looks. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Receipts } from "../src/chat/receipts";
import { type LogEvent } from "../src/log/events";
import { type SocketLike } from "../src/socket/connection";
import { EventStream } from "../src/socket/eventStream";
import { type ConnectionState, LogSocket } from "../src/socket/logSocket";
import { Gateway, open } from "./gateway";

const ENDED = { type: "reply.failed", job_id: "job_1" } as LogEvent;
const DELTA = { type: "reply.delta", job_id: "job_1" } as LogEvent;

describe("a socket", () => {
  let gateway: Gateway;
  let socket: LogSocket;
  let state: ConnectionState;

  beforeEach(async () => {
    gateway = new Gateway();
    const unheard = () => undefined;
    socket = new LogSocket({
      getTicket: () => Promise.resolve({ ticket: "t", url: null, expires_in: 30 }),
      open: (url) => open(url) as unknown as SocketLike,
      openStream: (url) => new EventStream(url),
      pageUrl: await gateway.listen(),
      onEvent: unheard,
      onResync: unheard,
      onFresh: unheard,
      onState: (now) => (state = now),
    });
  });

  afterEach(async () => {
    socket.stop();
    await gateway.close();
  });

  it("names the newest place, once each", async () => {
    socket.start(null);
    await vi.waitFor(() => {
      expect(state.name).toBe("online");
    });
    socket.acknowledge();
    gateway.send({ type: "conversation.deleted", cursor: "e:1", conversation_id: "cnv_1" });
    await vi.waitFor(() => {
      expect(socket.cursor).toBe("e:1");
    });
    socket.acknowledge();
    socket.acknowledge();
    await vi.waitFor(() => {
      expect(gateway.client.received).toEqual([
        { action: "ack", cursor: "e:0" },
        { action: "ack", cursor: "e:1" },
      ]);
    });
  });

  it("says nothing before it has a place and is open", () => {
    socket.acknowledge();
    socket.start("e:7");
    socket.acknowledge();
    expect(gateway.clients).toHaveLength(0);
  });
});

describe("a receipt", () => {
  let given: number;
  let page: { visibilityState: DocumentVisibilityState };
  let receipts: Receipts;

  beforeEach(() => {
    vi.useFakeTimers();
    page = { visibilityState: "visible" };
    vi.stubGlobal("document", page);
    given = 0;
    receipts = new Receipts(() => (given += 1));
  });

  afterEach(() => {
    receipts.stop();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("is given for the end of a reply, not for its pieces", () => {
    receipts.take(DELTA);
    vi.runAllTimers();
    expect(given).toBe(0);
    receipts.take(ENDED);
    vi.runAllTimers();
    expect(given).toBe(1);
  });

  it("is one for ends that come together", () => {
    for (let i = 0; i < 5; i += 1) receipts.take(ENDED);
    vi.runAllTimers();
    expect(given).toBe(1);
  });

  it("waits until somebody looks, and is then given once", () => {
    page.visibilityState = "hidden";
    receipts.take(ENDED);
    vi.runAllTimers();
    expect(given).toBe(0);
    page.visibilityState = "visible";
    receipts.settle();
    vi.runAllTimers();
    receipts.settle();
    vi.runAllTimers();
    expect(given).toBe(1);
  });

  it("waits when the reader turns away before it went out", () => {
    receipts.take(ENDED);
    page.visibilityState = "hidden";
    vi.runAllTimers();
    expect(given).toBe(0);
  });
});
