/**
 * Which way to connect: by WebSocket, or by an event stream where sockets do not come through.
 *
 * A socket that never was welcomed may have met a network that breaks it, or a gateway that is
 * away. The second one in a row is answered by trying a stream; one that works keeps sockets out of
 * it for a while, as each try of theirs may cost seconds.
 */

/** Failures of sockets until a stream is tried. */
const PATIENCE = 2;
/** How long a stream that worked is preferred. */
const STREAMS_FOR_MS = 10 * 60_000;

export type Way = "socket" | "stream";

export class Transport {
  readonly #now: () => number;
  #broken = 0;
  #streamsUntil = 0;
  #way: Way = "socket";

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The way of the connection that is opened next. */
  choose(): Way {
    const isStream = this.#broken >= PATIENCE || this.#now() < this.#streamsUntil;
    this.#way = isStream ? "stream" : "socket";
    return this.#way;
  }

  /** The server welcomed the connection. */
  worked(): void {
    if (this.#way === "stream" && this.#broken >= PATIENCE) {
      this.#streamsUntil = this.#now() + STREAMS_FOR_MS;
    }
    this.#broken = 0;
  }

  /** It ended without a welcome. */
  failed(): void {
    if (this.#way === "socket") this.#broken += 1;
    else {
      this.#broken = 0;
      this.#streamsUntil = 0;
    }
  }
}
