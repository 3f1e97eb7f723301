/**
 * Holds the state and tells React about it: `useSyncExternalStore` reads it.
 *
 * Text comes in many small deltas; they are applied at once and shown once a frame. Everything
 * else is shown at once.
 */

import { reduce } from "./reducer";
import { INITIAL_STATE, type LogAction, type LogState } from "./state";

/** A hidden page has no frames. */
const HIDDEN_TICK_MS = 100;

export class LogStore {
  #state: LogState = INITIAL_STATE;
  #isScheduled = false;
  readonly #listeners = new Set<() => void>();

  readonly state = (): LogState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };

  readonly dispatch = (action: LogAction): void => {
    const next = reduce(this.#state, action);
    if (next === this.#state) return;
    this.#state = next;
    if (action.type === "reply.delta") this.#schedule();
    else this.#notify();
  };

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const show = () => {
      this.#isScheduled = false;
      this.#notify();
    };
    if (document.hidden) setTimeout(show, HIDDEN_TICK_MS);
    else requestAnimationFrame(show);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
