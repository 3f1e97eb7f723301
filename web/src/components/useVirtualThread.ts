/**
 * The part of a thread that is drawn: what is in view, a little around it, and what must stay.
 *
 * Heights are measured as items are drawn. What the reader looks at stays where it is when older
 * messages come before it or when an item above turns out higher than guessed.
 */

import { useVirtualizer, type Range } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useMemo, useState } from "react";

import { type ThreadItem } from "../log/thread";
import { estimateHeight } from "./estimateHeight";
import { placesOf, type Span } from "./keptItems";
import { useReadAhead } from "./useReadAhead";

/** Items drawn before and after those in view. */
const OVERSCAN = 4;
/** Older messages are read when the start is nearer than this, in heights of the view. */
const NEAR_VIEWS = 2;
const PADDING_TOP_PX = 20;
const PADDING_BOTTOM_PX = 16;
/** Above an item that is scrolled to: its forerunner shows, so the place is recognised. */
const LED_TO_PX = 72;

export function useVirtualThread(
  items: readonly ThreadItem[],
  scroller: RefObject<HTMLElement | null>,
  spans: readonly Span[],
) {
  const keys = useKeys(items);
  const getItemKey = useCallback((place: number) => keys[place] ?? place, [keys]);
  const asked = items.findLast((item) => item.kind === "user")?.key;
  const rangeExtractor = useCallback(
    (range: Range) => {
      // The last question stays: a key opens its editor, wherever the reader is.
      const kept = asked === undefined ? spans : [...spans, [asked, asked] as const];
      return placesOf(range, kept, (key) => keys.lastIndexOf(key));
    },
    [keys, spans, asked],
  );
  const estimateSize = (place: number) => {
    const item = items[place];
    return item === undefined ? 0 : estimateHeight(item);
  };
  // The library keeps its state outside React; nothing here is memoised by what it returns.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer<HTMLElement, HTMLLIElement>({
    count: keys.length,
    getScrollElement: () => scroller.current,
    getItemKey,
    estimateSize,
    rangeExtractor,
    overscan: OVERSCAN,
    paddingStart: PADDING_TOP_PX,
    paddingEnd: PADDING_BOTTOM_PX,
    scrollPaddingStart: LED_TO_PX,
    // A thread opens at its end, and there is no need to draw its beginning first.
    initialOffset: () => items.reduce((sum, item) => sum + estimateHeight(item), 0),
    // What is in view is held by its key when items come before it. Following is `useFollowing`'s.
    anchorTo: "end",
    // Growth is written to the document at once; React draws again when other items come into view.
    directDomUpdates: true,
    directDomUpdatesMode: "position",
  });
  const show = useCallback(
    (key: string) => {
      const place = keys.indexOf(key);
      if (place >= 0) virtualizer.scrollToIndex(place, { align: "start" });
    },
    [keys, virtualizer],
  );
  const { scrollOffset, scrollRect, range } = virtualizer;
  useReadAhead(items, range?.startIndex ?? keys.length, range?.endIndex ?? keys.length);
  const nearPx = NEAR_VIEWS * (scrollRect?.height ?? 0);
  const isNearStart = nearPx > 0 && (scrollOffset ?? 0) < nearPx;
  return { virtualizer, sizer: virtualizer.containerRef, show, isNearStart };
}

/** The items' keys, the same array while they are the same: text that grows measures nothing anew. */
function useKeys(items: readonly ThreadItem[]): readonly string[] {
  const now = useMemo(() => items.map((item) => item.key), [items]);
  const [keys, setKeys] = useState(now);
  if (keys === now || isSame(keys, now)) return keys;
  setKeys(now);
  return now;
}

function isSame(before: readonly string[], after: readonly string[]): boolean {
  return before.length === after.length && before.every((key, place) => key === after[place]);
}
