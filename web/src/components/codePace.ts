/** How often a growing code block is coloured anew: `CodeText.tsx`. */

import { type ReactNode } from "react";

export type Paint = (language: string, text: string) => ReactNode;

/** Fast enough to look like writing, slow enough to cost nothing. */
const SHORTEST_MS = 120;
const LONGEST_MS = 2_000;
/** Colouring takes at most a part in this many of the time. */
const SHARE = 12;

/** How long to leave the colours alone after `tookMs` of colouring. */
export function pauseMs(tookMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, tookMs * SHARE));
}

/** A text that has not grown for this long is taken for whole. */
export const IDLE_MS = 350;

/**
 * What to colour next of `text`, of which `painted` is in colours. At first all that is there, as
 * it mostly is whole. Then whole lines before the last one, which may still turn into something
 * else, the fence's end for one.
 */
export function nextTarget(text: string, painted: string): string {
  if (painted === "") return text;
  const lines = text.slice(0, text.lastIndexOf("\n") + 1);
  return lines.length > painted.length ? lines : text;
}
