/** Networks that break sockets: the log comes as a stream, by itself, and loses nothing. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type LogEvent } from "../src/log/events";
import { type SocketLike } from "../src/socket/connection";
import { EventStream } from "../src/socket/eventStream";
import { type ConnectionState, LogSocket } from "../src/socket/logSocket";
import { Transport } from "../src/socket/transport";
import { Gateway, open } from "./gateway";

let gateway: Gateway;
let socket: LogSocket;
let events: LogEvent[];
let states: ConnectionState[];
let refreshed: boolean[];

beforeEach(async () => {
  gateway = new Gateway();
  gateway.takesSockets = false;
  events = [];
  states = [];
  refreshed = [];
  const pageUrl = await gateway.listen();
  socket = new LogSocket({
    getTicket: (afterRefresh) => {
      refreshed.push(afterRefresh);
      return Promise.resolve({ ticket: `t${refreshed.length}`, url: null, expires_in: 30 });
    },
    open: (url) => open(url) as unknown as SocketLike,
    openStream: (url) => new EventStream(url),
    pageUrl,
    onEvent: (event) => events.push(event),
    onResync: () => undefined,
    onState: (state) => states.push(state),
    onFresh: () => undefined,
    backoff: { baseMs: 1, capMs: 5 },
  });
});

afterEach(async () => {
  socket.stop();
  await gateway.close();
});

function deleted(seq: number): object {
  return { type: "conversation.deleted", cursor: `e:${seq}`, conversation_id: `cnv_${seq}` };
}

function ids(): string[] {
  return events.map((event) => ("conversation_id" in event ? event.conversation_id : ""));
}

async function streaming(count: number): Promise<void> {
  await vi.waitFor(() => {
    expect(gateway.streams).toHaveLength(count);
    expect(states.at(-1)).toEqual({ name: "online" });
  });
}

describe("a network that breaks sockets", () => {
  it("is given a stream after two of them, at the same place", async () => {
    socket.start("e:4");
    await streaming(1);
    expect(gateway.clients).toHaveLength(0);
    expect(gateway.streams[0]).toEqual({ ticket: "t3", after: "e:4" });
    gateway.tell(deleted(5));
    await vi.waitFor(() => {
      expect(ids()).toEqual(["cnv_5"]);
    });
    expect(socket.cursor).toBe("e:5");
  });

  it("comes back to a stream at once, and resumes", async () => {
    socket.start(null);
    await streaming(1);
    gateway.tell(deleted(1));
    await vi.waitFor(() => {
      expect(ids()).toEqual(["cnv_1"]);
    });
    gateway.endStream();
    await streaming(2);
    expect(gateway.streams[1]?.after).toBe("e:1");
    expect(refreshed).toHaveLength(4);
  });

  it("reads records however they are cut, and passes over comments", async () => {
    socket.start(null);
    await streaming(1);
    const text = `:\n\nid: e:1\ndata: ${JSON.stringify(deleted(1))}\n\n:\n\ndata: ${JSON.stringify(deleted(2))}\n\n`;
    for (const letter of text) gateway.write(letter);
    await vi.waitFor(() => {
      expect(ids()).toEqual(["cnv_1", "cnv_2"]);
    });
  });

  it("hears why a stream was closed: the session is renewed first", async () => {
    socket.start(null);
    await streaming(1);
    gateway.write('event: close\ndata: {"code":4401,"reason":"over"}\n\n');
    gateway.endStream();
    await streaming(2);
    expect(refreshed.at(-1)).toBe(true);
  });

  it("stays away when that is what it was told", async () => {
    socket.start(null);
    await streaming(1);
    gateway.write('event: close\ndata: {"code":4503,"reason":"no"}\n\n');
    gateway.endStream();
    await vi.waitFor(() => {
      expect(states.at(-1)).toEqual({ name: "stopped", code: 4503 });
    });
  });

  it("notices a stream that went silent, and keeps one that shows it lives", async () => {
    gateway.heartbeatS = 1;
    socket.start(null);
    await streaming(1);
    const beat = setInterval(() => {
      gateway.write(":\n\n");
    }, 300);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    clearInterval(beat);
    expect(gateway.streams).toHaveLength(1);
    await vi.waitFor(
      () => {
        expect(gateway.streams.length).toBeGreaterThan(1);
      },
      { timeout: 5000 },
    );
  }, 15_000);
});

describe("the choice of a way", () => {
  let now: number;
  let transport: Transport;

  beforeEach(() => {
    now = 0;
    transport = new Transport(() => now);
  });

  function fail(): void {
    transport.choose();
    transport.failed();
  }

  it("tries sockets again when neither comes through", () => {
    fail();
    fail();
    expect(transport.choose()).toBe("stream");
    transport.failed();
    expect(transport.choose()).toBe("socket");
  });

  it("gives one bad socket no weight", () => {
    fail();
    expect(transport.choose()).toBe("socket");
    transport.worked();
    fail();
    expect(transport.choose()).toBe("socket");
  });

  it("prefers a stream that worked for a while, then tries a socket", () => {
    fail();
    fail();
    transport.choose();
    transport.worked();
    expect(transport.choose()).toBe("stream");
    now = 10 * 60_000;
    expect(transport.choose()).toBe("socket");
  });
});
