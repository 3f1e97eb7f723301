/**
 * One WebSocket from its ticket to its end: open, first frame, heartbeat, close.
 *
 * `LogSocket` makes one after another and decides when. A connection reports its end once,
 * however it ended, and nothing after it.
 */

import { type ClientFrame, type Connected, readFrame, type ReadFrame, writeFrame } from "./frames";

/** From opening to the `connected` frame. */
const OPEN_TIMEOUT_MS = 10_000;
/** What a probe after waking up may take: the reader is looking. */
const PROBE_TIMEOUT_MS = 4_000;
/** No close frame came: the code browsers report, also used here for a peer that went silent. */
const ABNORMAL = 1006;

/** What a browser's WebSocket and the one of npm `ws` have in common. */
export interface SocketLike {
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  readonly readyState: number;
  send(text: string): void;
  close(code?: number): void;
}

export interface ConnectionHandlers {
  readonly onConnected: (frame: Connected) => void;
  readonly onFrame: (read: ReadFrame) => void;
  readonly onEnd: (code: number) => void;
}

export class Connection {
  readonly #socket: SocketLike;
  readonly #handlers: ConnectionHandlers;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #probeTimer: ReturnType<typeof setTimeout> | undefined;
  #isConnected = false;
  #isEnded = false;
  #isAwaitingPong = false;

  constructor(socket: SocketLike, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.onmessage = (event) => {
      this.#receive(String(event.data));
    };
    socket.onclose = (event) => {
      this.#end(event.code);
    };
    this.#timer = setTimeout(() => {
      this.abandon();
    }, OPEN_TIMEOUT_MS);
  }

  send(frame: ClientFrame): void {
    if (this.#isConnected && !this.#isEnded) this.#socket.send(writeFrame(frame));
  }

  /** Ask now whether the other side is there: a laptop that slept holds dead sockets as open. */
  probe(): void {
    if (!this.#isConnected || this.#isEnded) return;
    clearTimeout(this.#probeTimer);
    this.#probeTimer = setTimeout(() => {
      this.abandon();
    }, PROBE_TIMEOUT_MS);
    this.send({ action: "ping" });
  }

  /** Close and report the end at once: a dead network would delay the close event by minutes. */
  abandon(): void {
    this.close();
    this.#handlers.onEnd(ABNORMAL);
  }

  /** Close without a report. */
  close(): void {
    this.#stop();
    this.#socket.close(1000);
  }

  #receive(text: string): void {
    const read = readFrame(text);
    this.#isAwaitingPong = false;
    clearTimeout(this.#probeTimer);
    if (read.frame?.type !== "connected") {
      this.#handlers.onFrame(read);
      return;
    }
    this.#isConnected = true;
    this.#beat(read.frame.heartbeat_s * 1000);
    this.#handlers.onConnected(read.frame);
  }

  /** Ping once a period. A whole period without any frame after a ping is silence. */
  #beat(periodMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isAwaitingPong) {
        this.abandon();
        return;
      }
      this.#isAwaitingPong = true;
      this.send({ action: "ping" });
      this.#beat(periodMs);
    }, periodMs);
  }

  #end(code: number): void {
    if (this.#isEnded) return;
    this.#stop();
    this.#handlers.onEnd(code);
  }

  #stop(): void {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#probeTimer);
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
  }
}
