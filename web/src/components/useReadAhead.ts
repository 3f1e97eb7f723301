/** Reads replies that are next to come into view while there is nothing else to do. */

import { useEffect } from "react";

import { type ThreadItem } from "../log/thread";

/** How many items before and after those in view. */
const AHEAD = 16;
/** Shorter ones are read in less than a frame. */
const LONG_CHARS = 500;

export function useReadAhead(items: readonly ThreadItem[], first: number, last: number): void {
  useEffect(() => {
    // Safari has no idle time to give; it reads when it draws.
    if (typeof requestIdleCallback === "undefined") return;
    const texts = nearest(items, first, last);
    if (texts.length === 0) return;
    const reading = new AbortController();
    void readAll(texts, reading.signal);
    return () => {
      reading.abort();
    };
  }, [items, first, last]);
}

/** Of the long replies around, the nearest first. */
function nearest(items: readonly ThreadItem[], first: number, last: number): string[] {
  const texts: string[] = [];
  for (let away = 1; away <= AHEAD; away += 1) {
    for (const item of [items[first - away], items[last + away]]) {
      if (item?.kind === "reply" && item.status !== "streaming" && item.text.length >= LONG_CHARS) {
        texts.push(item.text);
      }
    }
  }
  return texts;
}

async function readAll(texts: readonly string[], signal: AbortSignal): Promise<void> {
  const { readAhead } = await import("./Markdown");
  for (const text of texts) {
    for (const steps = readAhead(text); ; ) {
      const deadline = await idle();
      let isDone = false;
      while (!signal.aborted && !isDone && deadline.timeRemaining() > 0) isDone = steps.next().done === true;
      if (signal.aborted) return;
      if (isDone) break;
    }
  }
}

function idle(): Promise<IdleDeadline> {
  return new Promise((resolve) => requestIdleCallback(resolve));
}
