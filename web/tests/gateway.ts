/** A gateway on loopback for the socket's tests: real sockets, scripted frames. */

import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";

import WebSocket, { WebSocketServer } from "ws";

export interface Client {
  readonly ticket: string | null;
  readonly after: string | null;
  readonly socket: WebSocket;
  readonly received: unknown[];
}

export class Gateway {
  /** Every socket that was let in, in order. */
  readonly clients: Client[] = [];
  /** Tickets that are refused with 401 before the upgrade. */
  readonly refused = new Set<string>();
  /** Whether sockets are let in; a network that breaks them does not. */
  takesSockets = true;
  /** The streams that were asked for: ticket and place. */
  readonly streams: { readonly ticket: string | null; readonly after: string | null }[] = [];
  heartbeatS = 30;
  answersPings = true;
  cursor = "e:0";
  #stream: ServerResponse | undefined;
  readonly #http: Server = createServer();
  readonly #sockets = new WebSocketServer({ noServer: true });

  async listen(): Promise<string> {
    this.#http.on("upgrade", (request, raw, head) => {
      const url = new URL(request.url ?? "/", "http://gateway");
      const ticket = url.searchParams.get("ticket");
      if (!this.takesSockets) {
        raw.destroy();
        return;
      }
      if (ticket === null || this.refused.has(ticket)) {
        raw.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(request, raw, head, (socket) => {
        this.#welcome({ ticket, after: url.searchParams.get("after"), socket, received: [] });
      });
    });
    this.#http.on("request", (request, response) => {
      const url = new URL(request.url ?? "/", "http://gateway");
      if (url.pathname !== "/api/events") {
        response.writeHead(404).end();
        return;
      }
      const { searchParams } = url;
      this.streams.push({ ticket: searchParams.get("ticket"), after: searchParams.get("after") });
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      this.#stream = response;
      this.tell(this.#welcomeFrame());
    });
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/page`;
  }

  /** The newest socket. */
  get client(): Client {
    const newest = this.clients.at(-1);
    if (newest === undefined) throw new Error("nobody is connected");
    return newest;
  }

  send(frame: object): void {
    this.client.socket.send(JSON.stringify(frame));
  }

  /** Write a record to the newest stream. */
  tell(frame: object): void {
    this.write(`data: ${JSON.stringify(frame)}\n\n`);
  }

  /** Write to the newest stream as it is. */
  write(text: string): void {
    this.#stream?.write(text);
  }

  endStream(): void {
    this.#stream?.end();
  }

  async close(): Promise<void> {
    for (const { socket } of this.clients) socket.terminate();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }

  #welcome(client: Client): void {
    this.clients.push(client);
    client.socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { action: string };
      client.received.push(frame);
      if (frame.action === "ping" && this.answersPings) client.socket.send('{"type":"pong"}');
    });
    client.socket.send(JSON.stringify(this.#welcomeFrame()));
  }

  #welcomeFrame(): object {
    const { cursor, heartbeatS: heartbeat_s } = this;
    return { type: "connected", connection_id: "con_1", cursor, heartbeat_s };
  }
}

/** A browser's WebSocket as far as the page uses it. */
export function open(url: string): WebSocket {
  const socket = new WebSocket(url);
  // Node ends the process over an error nobody hears; in a browser the close event is enough.
  socket.on("error", () => undefined);
  return socket;
}
