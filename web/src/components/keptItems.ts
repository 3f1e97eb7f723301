/**
 * Which items stay in the document though they are out of view: the one that holds the focus, and
 * those that are selected. A browser drops both with the element they lie in.
 */

import { defaultRangeExtractor, type Range } from "@tanstack/react-virtual";

/** Two ends of a run of items, by key, in any order. */
export type Span = readonly [key: string, key: string];

/** A longer selection keeps its ends only; whoever wants all of a conversation exports it. */
export const MAX_KEPT = 200;

/** The places to render, ascending: what is in view, and what is kept. */
export function placesOf(range: Range, spans: readonly Span[], placeOf: (key: string) => number): number[] {
  const places = new Set(defaultRangeExtractor(range));
  for (const span of spans) {
    const ends = span.map(placeOf).filter((place) => place >= 0);
    if (ends.length === 0) continue;
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    if (last - first < MAX_KEPT) for (let place = first; place <= last; place += 1) places.add(place);
    else for (const end of ends) places.add(end);
  }
  return [...places].sort((a, b) => a - b);
}
