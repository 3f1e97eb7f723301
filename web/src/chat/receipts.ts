/**
 * Receipts: tells the gateway what was shown to somebody who looks, when a reply has ended.
 *
 * Only ends are worth one. While nobody looks the receipt waits until somebody does.
 */

import { type LogEvent } from "../log/events";
import { isLookedAt } from "./pageLife";

/** Ends that come together share a receipt. */
const GATHER_MS = 500;

export class Receipts {
  readonly #acknowledge: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOwed = false;

  constructor(acknowledge: () => void) {
    this.#acknowledge = acknowledge;
  }

  take(event: LogEvent): void {
    if (event.type !== "reply.completed" && event.type !== "reply.failed") return;
    this.#isOwed = true;
    this.settle();
  }

  /** The page is looked at (again). */
  settle(): void {
    if (!this.#isOwed || !isLookedAt()) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!isLookedAt()) return;
      this.#isOwed = false;
      this.#acknowledge();
    }, GATHER_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
