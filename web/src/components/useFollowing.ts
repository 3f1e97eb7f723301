/** Keeps the end in view while the content grows, unless the reader has scrolled away. */

import { useCallback, useLayoutEffect, useRef, useState } from "react";

/** Closer to the end than this, the reader follows along. */
const FOLLOW_PX = 80;

/** A view that moves up this long after the reader's hand moved was moved by the reader. */
const GESTURE_MS = 1_000;

const GESTURES = ["wheel", "touchmove", "pointerdown", "pointermove", "keydown"] as const;

export function useFollowing() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const [isAway, setAway] = useState(false);

  const toLatest = useCallback(() => {
    isFollowing.current = true;
    setAway(false);
    // At once: what lies between is neither drawn nor read. Heights at the end that were guessed
    // are corrected by the observer below.
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);

  /** The reader is led somewhere else; scrolling to the end follows again. */
  const leave = useCallback(() => {
    isFollowing.current = false;
  }, []);

  useLayoutEffect(() => {
    const box = scroller.current;
    const inner = content.current;
    if (box === null || inner === null) return;
    let lastTop = 0;
    let lastGesture = -Infinity;
    const touched = (event: Event) => {
      // A pointer that only passes over the thread moves nothing.
      if (event instanceof PointerEvent && event.buttons === 0) return;
      lastGesture = event.timeStamp;
    };
    const look = () => {
      const left = leftOf(box);
      // Growth moves the end away as well. The list moves the view up by itself where items above
      // turn out smaller than guessed, so moving up means the reader only after a gesture.
      if (left < FOLLOW_PX) isFollowing.current = true;
      else if (box.scrollTop < lastTop && performance.now() - lastGesture < GESTURE_MS) isFollowing.current = false;
      lastTop = box.scrollTop;
      setAway(left > box.clientHeight / 2 && !isFollowing.current);
    };
    const grown = new ResizeObserver(() => {
      if (isFollowing.current) box.scrollTop = box.scrollHeight;
      lastTop = box.scrollTop;
      setAway(leftOf(box) > box.clientHeight / 2);
    });
    grown.observe(inner);
    grown.observe(box);
    box.addEventListener("scroll", look, { passive: true });
    for (const name of GESTURES) window.addEventListener(name, touched, { passive: true, capture: true });
    return () => {
      grown.disconnect();
      box.removeEventListener("scroll", look);
      for (const name of GESTURES) window.removeEventListener(name, touched, { capture: true });
    };
  }, []);

  return { scroller, content, isAway, toLatest, leave };
}

/** Pixels between the view and the end. */
function leftOf(box: HTMLElement): number {
  return box.scrollHeight - box.scrollTop - box.clientHeight;
}
