/** The socket against a real server on loopback: resume, close codes, heartbeat, tickets. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { type LogEvent } from "../src/log/events";
import { type ConnectionState, LogSocket, type LogSocketOptions } from "../src/socket/logSocket";
import { type SocketLike } from "../src/socket/connection";
import { EventStream } from "../src/socket/eventStream";
import { Gateway, open } from "./gateway";

const QUICK = { baseMs: 1, capMs: 5 };

let gateway: Gateway;
let socket: LogSocket;
let options: LogSocketOptions;
let events: LogEvent[];
let states: ConnectionState[];
let tickets: boolean[];
let resyncs: string[];
let fresh: number;

beforeEach(async () => {
  gateway = new Gateway();
  options = optionsFor(await gateway.listen());
  socket = new LogSocket(options);
  events = [];
  states = [];
  tickets = [];
  resyncs = [];
  fresh = 0;
});

afterEach(async () => {
  socket.stop();
  await gateway.close();
});

function optionsFor(pageUrl: string): LogSocketOptions {
  return {
    getTicket: (afterRefresh) => {
      tickets.push(afterRefresh);
      return Promise.resolve({ ticket: `t${tickets.length}`, url: null, expires_in: 30 });
    },
    open: (url) => open(url) as unknown as SocketLike,
    openStream: (url) => new EventStream(url),
    pageUrl,
    onEvent: (event) => events.push(event),
    onResync: (reason) => resyncs.push(reason),
    onFresh: () => (fresh += 1),
    onState: (state) => states.push(state),
    backoff: QUICK,
  };
}

function deleted(seq: number): object {
  return { type: "conversation.deleted", cursor: `e:${seq}`, conversation_id: `cnv_${seq}` };
}

async function connected(count: number): Promise<void> {
  await vi.waitFor(() => {
    expect(gateway.clients).toHaveLength(count);
    expect(states.at(-1)).toEqual({ name: "online" });
  });
}

describe("resuming", () => {
  it("comes back with the last cursor it saw and a new ticket", async () => {
    socket.start(null);
    await connected(1);
    gateway.send(deleted(1));
    gateway.send(deleted(2));
    await vi.waitFor(() => {
      expect(events).toHaveLength(2);
    });
    gateway.client.socket.close(1012);
    await connected(2);
    expect(gateway.client).toMatchObject({ after: "e:2", ticket: "t2" });
  });

  it("starts where it is told, and not at the place the server greets it with", async () => {
    gateway.cursor = "e:90";
    socket.start("e:7");
    await connected(1);
    expect(gateway.client.after).toBe("e:7");
    gateway.client.socket.terminate();
    await connected(2);
    expect(gateway.client.after).toBe("e:7");
    expect(fresh).toBe(0);
  });

  it("takes the server's place when it has none, and says that nothing was played", async () => {
    gateway.cursor = "e:90";
    socket.start(null);
    await connected(1);
    expect(fresh).toBe(1);
    gateway.client.socket.terminate();
    await connected(2);
    expect(gateway.client.after).toBe("e:90");
  });

  it("moves on past an event it does not know", async () => {
    socket.start("e:1");
    await connected(1);
    gateway.send({ type: "of.tomorrow", cursor: "e:2" });
    await vi.waitFor(() => {
      expect(socket.cursor).toBe("e:2");
    });
    expect(events).toEqual([]);
  });

  it("plays again from an earlier cursor when asked", async () => {
    socket.start("e:9");
    await connected(1);
    socket.rewind("e:3");
    await connected(2);
    expect(gateway.client.after).toBe("e:3");
  });

  it("tells of a resync and keeps its place until it is given another", async () => {
    socket.start("e:1");
    await connected(1);
    gateway.send({ type: "resync", reason: "epoch_changed" });
    await vi.waitFor(() => {
      expect(resyncs).toEqual(["epoch_changed"]);
    });
    expect(socket.cursor).toBe("e:1");
  });
});

describe("the address", () => {
  it("is on the page's own origin, whatever host the ticket names", async () => {
    const elsewhere = { ticket: "t1", url: "ws://elsewhere.example:9/ws", expires_in: 30 };
    const opened: string[] = [];
    socket = new LogSocket({
      ...options,
      getTicket: () => Promise.resolve(elsewhere),
      open: (url) => {
        opened.push(url);
        return options.open(url);
      },
    });
    socket.start(null);
    await connected(1);
    const { host } = new URL(options.pageUrl);
    expect(opened).toEqual([`ws://${host}/ws?ticket=t1`]);
  });
});

describe("close codes", () => {
  it("renews the token first when the session is over", async () => {
    socket.start(null);
    await connected(1);
    gateway.client.socket.close(4401);
    await connected(2);
    expect(tickets).toEqual([false, true]);
  });

  it("asks for no second renewal when the token was renewed while it waited", async () => {
    socket = new LogSocket({ ...options, backoff: { baseMs: 60_000, capMs: 60_000 } });
    socket.start(null);
    await connected(1);
    gateway.client.socket.close(4401);
    await vi.waitFor(() => {
      expect(states.at(-1)).toEqual({ name: "waiting" });
    });
    await socket.renew();
    await connected(2);
    expect(tickets).toEqual([false, false]);
  });

  it.each([4500, 4503])("stays away after %i, until the reader asks", async (code) => {
    socket.start(null);
    await connected(1);
    gateway.client.socket.close(code);
    await vi.waitFor(() => {
      expect(states.at(-1)).toEqual({ name: "stopped", code });
    });
    socket.wake();
    expect(states.at(-1)).toEqual({ name: "stopped", code });
    socket.reconnect();
    await connected(2);
  });

  it("takes a new ticket when the first was refused", async () => {
    gateway.refused.add("t1");
    socket.start(null);
    await connected(1);
    expect(gateway.client.ticket).toBe("t2");
  });

  it("leaves a draining node when it was told to", async () => {
    socket.start("e:1");
    await connected(1);
    gateway.send({ type: "draining", reconnect_in_s: 0.02 });
    await connected(2);
    expect(gateway.client.after).toBe("e:1");
  });
});

describe("heartbeat", () => {
  it("pings, and stays while it is answered", async () => {
    gateway.heartbeatS = 1;
    socket.start(null);
    await connected(1);
    await vi.waitFor(() => {
      expect(gateway.client.received).toEqual([{ action: "ping" }, { action: "ping" }]);
    }, 5000);
    expect(gateway.clients).toHaveLength(1);
  });

  it("leaves a server that went silent without a close", async () => {
    gateway.heartbeatS = 1;
    gateway.answersPings = false;
    socket.start("e:1");
    await connected(1);
    await vi.waitFor(() => {
      expect(gateway.clients).toHaveLength(2);
    }, 5000);
    expect(gateway.client.after).toBe("e:1");
  });
});

describe("the network", () => {
  it("waits for nothing when it is away, and connects at once when it is back", async () => {
    socket.start("e:1");
    await connected(1);
    socket.sleep();
    expect(states.at(-1)).toEqual({ name: "offline" });
    socket.wake();
    await connected(2);
  });

  it("asks whether the other side is there when the page wakes up", async () => {
    socket.start("e:1");
    await connected(1);
    socket.wake();
    await vi.waitFor(() => {
      expect(gateway.client.received).toEqual([{ action: "ping" }]);
    });
  });

  it("renews its session with a ticket of its own", async () => {
    socket.start("e:1");
    await connected(1);
    await socket.renew();
    await vi.waitFor(() => {
      expect(gateway.client.received).toEqual([{ action: "authenticate", ticket: "t2" }]);
    });
  });
});
