/**
 * The page's place in the user's log, kept through drops, restarts and sleep.
 *
 * Each connection needs a ticket of its own and resumes from the last cursor seen. The chat
 * gives it the events' reader; it gives back the events in order, and says when the log was
 * lost. Nothing here knows what an event means.
 */

import { backoffMs, DEFAULT_BACKOFF, type BackoffPolicy } from "../api/backoff";
import { type Ticket } from "../api/schemas";
import { SignedOut } from "../api/session";
import { type LogEvent } from "../log/events";
import { socketAddress, streamAddress } from "./addresses";
import { isFinal, SESSION_OVER, SLOW_READER } from "./closeCodes";
import { Connection, type SocketLike } from "./connection";
import { isLogEvent, type ReadFrame } from "./frames";
import { Transport } from "./transport";

/** A connection that lived this long ended for a new reason: start over with short waits. */
const STABLE_MS = 30_000;

export type ConnectionState =
  | { readonly name: "connecting" | "online" | "waiting" | "offline" }
  | { readonly name: "stopped"; readonly code: number };

export interface LogSocketOptions {
  /** A new ticket; with `afterRefresh` the access token is renewed first. */
  readonly getTicket: (afterRefresh: boolean) => Promise<Ticket>;
  readonly open: (url: string) => SocketLike;
  /** The same over plain HTTP, for networks that break sockets. */
  readonly openStream: (url: string) => SocketLike;
  /** The page's own address: the socket is opened on its origin. */
  readonly pageUrl: string;
  readonly onEvent: (event: LogEvent) => void;
  readonly onResync: (reason: string) => void;
  readonly onState: (state: ConnectionState) => void;
  /** A connection that resumed nothing: what happened before it is not played. */
  readonly onFresh: () => void;
  readonly backoff?: BackoffPolicy;
  readonly stableMs?: number;
}

export class LogSocket {
  readonly #options: LogSocketOptions;
  #cursor: string | null = null;
  #connection: Connection | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #stableTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  /** Counts opens: a ticket that arrives after the next open began is dropped. */
  #generation = 0;
  #mustRefresh = false;
  #comeBackAt = 0;
  #state: ConnectionState = { name: "offline" };
  #isRunning = false;
  #begins = 0;
  readonly #transport = new Transport();
  #acknowledged: string | null = null;

  constructor(options: LogSocketOptions) {
    this.#options = options;
  }

  get cursor(): string | null {
    return this.#cursor;
  }

  /**
   * Names the unbroken stretch of the log that is heard: as long as it stays the same, no event was
   * missed. null is no place yet: what happens now may never be played.
   */
  get stretch(): number | null {
    return this.#cursor === null ? null : this.#begins;
  }

  /** Connect, and stay connected. `after` null starts with what happens from now on. */
  start(after: string | null): void {
    this.#begin(after);
    this.#isRunning = true;
    this.reconnect();
  }

  stop(): void {
    this.#isRunning = false;
    this.#drop();
    this.#show({ name: "offline" });
  }

  /** Play the log again from `cursor`: events are idempotent, so an early place is always safe. */
  rewind(cursor: string | null): void {
    this.#begin(cursor);
    if (this.#isRunning) this.reconnect();
  }

  /** Connect now, whatever is planned: the reader asks, or the network came back. */
  reconnect = (): void => {
    this.#drop();
    this.#isRunning = true;
    this.#comeBackAt = 0;
    void this.#open();
  };

  /** The page is looked at again, or the network is back. */
  wake = (): void => {
    if (!this.#isRunning || this.#state.name === "stopped") return;
    if (this.#state.name === "online") this.#connection?.probe();
    else if (this.#state.name !== "connecting") this.reconnect();
  };

  /** The network went away: waiting for its timeout helps nobody. */
  sleep = (): void => {
    if (!this.#isRunning) return;
    this.#drop();
    this.#show({ name: "offline" });
  };

  /** The access token was renewed: renew the socket's session as well, before it ends. */
  renew = async (): Promise<void> => {
    // A socket that was closed with the old session waits for nothing else.
    if (this.#mustRefresh && this.#state.name === "waiting") {
      this.#mustRefresh = false;
      this.reconnect();
      return;
    }
    const connection = this.#connection;
    if (this.#state.name !== "online" || connection === null) return;
    try {
      const { ticket } = await this.#options.getTicket(false);
      connection.send({ action: "authenticate", ticket });
    } catch {
      // The session will be closed with 4401, which starts over with a refresh.
    }
  };

  /** All up to here was shown to somebody who looks. */
  acknowledge(): void {
    if (this.#cursor === null || this.#cursor === this.#acknowledged) return;
    if (this.#state.name !== "online") return;
    this.#acknowledged = this.#cursor;
    this.#connection?.send({ action: "ack", cursor: this.#cursor });
  }

  #begin(cursor: string | null): void {
    this.#cursor = cursor;
    this.#begins += 1;
  }

  async #open(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#show({ name: "connecting" });
    try {
      const ticket = await this.#options.getTicket(this.#mustRefresh);
      if (generation !== this.#generation) return;
      this.#mustRefresh = false;
      this.#attach(this.#connect(ticket), this.#cursor === null);
    } catch (error) {
      if (generation !== this.#generation || error instanceof SignedOut) return;
      this.#retryLater();
    }
  }

  #connect(ticket: Ticket): SocketLike {
    const { open, openStream, pageUrl } = this.#options;
    return this.#transport.choose() === "socket"
      ? open(socketAddress(ticket, pageUrl, this.#cursor))
      : openStream(streamAddress(ticket, pageUrl, this.#cursor));
  }

  #attach(socket: SocketLike, isFresh: boolean): void {
    let isWelcome = false;
    const connection = new Connection(socket, {
      onConnected: ({ cursor }) => {
        isWelcome = true;
        this.#transport.worked();
        // With a place of our own, the events to come tell where we are; this one may be ahead.
        this.#cursor ??= cursor;
        this.#show({ name: "online" });
        this.#stableTimer = setTimeout(() => {
          this.#failures = 0;
        }, this.#options.stableMs ?? STABLE_MS);
        if (isFresh) this.#options.onFresh();
      },
      onFrame: (read) => {
        this.#take(read);
      },
      onEnd: (code) => {
        if (!isWelcome) this.#transport.failed();
        this.#ended(code);
      },
    });
    this.#connection = connection;
  }

  #take({ frame, cursor }: ReadFrame): void {
    if (frame?.type === "resync") {
      this.#begins += 1;
      this.#options.onResync(frame.reason);
      return;
    }
    if (frame?.type === "draining") this.#leaveIn(frame.reconnect_in_s * 1000);
    else if (frame !== null && isLogEvent(frame)) this.#options.onEvent(frame);
    if (cursor !== null) this.#cursor = cursor;
  }

  /** The node goes away: leave at the moment it gave us, so that not all come back at once. */
  #leaveIn(ms: number): void {
    this.#comeBackAt = Date.now() + ms;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(this.reconnect, ms);
  }

  #ended(code: number): void {
    this.#connection = null;
    clearTimeout(this.#stableTimer);
    if (isFinal(code)) {
      this.#isRunning = false;
      this.#show({ name: "stopped", code });
      return;
    }
    if (code === SESSION_OVER) this.#mustRefresh = true;
    // Once at once; a reader that stays slow waits like everyone.
    this.#retryLater(code === SLOW_READER && this.#failures === 0 ? 0 : undefined);
  }

  #retryLater(exactMs?: number): void {
    const planned = this.#comeBackAt - Date.now();
    const jitter = backoffMs(this.#failures, this.#options.backoff ?? DEFAULT_BACKOFF);
    this.#failures += 1;
    this.#show({ name: "waiting" });
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(this.reconnect, planned > 0 ? planned : (exactMs ?? jitter));
  }

  #drop(): void {
    this.#generation += 1;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#stableTimer);
    this.#connection?.close();
    this.#connection = null;
  }

  #show(state: ConnectionState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
