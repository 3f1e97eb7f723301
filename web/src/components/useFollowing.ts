/** Keeps the end in view while the content grows, unless the reader has scrolled away. */

import { useCallback, useLayoutEffect, useRef, useState } from "react";

/** Closer to the end than this, the reader follows along. */
const FOLLOW_PX = 80;

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
    const look = () => {
      const left = leftOf(box);
      // Growth moves the end away as well, and never moves the view up: only a reader does that.
      if (left < FOLLOW_PX) isFollowing.current = true;
      else if (box.scrollTop < lastTop) isFollowing.current = false;
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
    return () => {
      grown.disconnect();
      box.removeEventListener("scroll", look);
    };
  }, []);

  return { scroller, content, isAway, toLatest, leave };
}

/** Pixels between the view and the end. */
function leftOf(box: HTMLElement): number {
  return box.scrollHeight - box.scrollTop - box.clientHeight;
}
