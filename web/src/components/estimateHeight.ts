/**
 * About how high an item will be, before it is drawn. Only the scroll bar shows how well this is
 * guessed: what is in view stays where it is when the true height is known.
 */

import { type ThreadItem } from "../log/thread";

const LINE_PX = 26;
const CHARS_PER_LINE = 78;
/** A bubble is narrower. */
const SAID_CHARS_PER_LINE = 56;
/** What stands around the text: its frame, and the distance to the next. */
const SAID_FRAME_PX = 40;
const REPLY_FRAME_PX = 58;

export function estimateHeight(item: ThreadItem): number {
  return item.kind === "user"
    ? SAID_FRAME_PX + LINE_PX * linesOf(item.content, SAID_CHARS_PER_LINE)
    : REPLY_FRAME_PX + LINE_PX * linesOf(item.text, CHARS_PER_LINE);
}

function linesOf(text: string, charsPerLine: number): number {
  let breaks = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) breaks += 1;
  return Math.max(1, Math.ceil(text.length / charsPerLine) + breaks / 2);
}
