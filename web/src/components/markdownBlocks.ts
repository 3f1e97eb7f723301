/**
 * Cuts Markdown where reading the parts gives the same as reading the whole.
 *
 * A cut lies after a blank line, before a line that begins something new at the margin. Whatever
 * may reach over blank lines is kept in one: fences, lists, indented text, HTML that ends by its
 * own mark; from a line on that could be read in two ways there are no more cuts; and a text that
 * may define references, which reach anywhere, is not cut at all. `tests/hostile.test.tsx` holds
 * it against the reader of the whole.
 */

import { closes } from "./fencedCode";

const FENCE = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/;
const ITEM = /^( {0,3}(?:[-*+]|(\d{1,9})[.)]))( +)\S/;
const EMPTY_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])\s*$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
/** HTML that a blank line does not end. */
const LONG_HTML = /^ {0,3}<(?:script|pre|style|textarea|!|\?)/i;
/** HTML, perhaps, which a blank line ends. */
const SHORT_HTML = /^ {0,3}<[a-z/]/i;
const REFERENCE = "]:";
/** Deeper than this the text of an item is code, and the item's content begins after one space. */
const CODE_INDENT = 4;

/** Where reading stands at the margin. */
interface Place {
  /** The marks of the open fence. */
  readonly fence: string | null;
  /** The column at which the content of the open list's last item begins. */
  readonly item: number | null;
  readonly isAfterBlank: boolean;
  /** No blank line since what may be HTML. */
  readonly isMarkup: boolean;
  /** It could be one thing or another: nothing is cut from here on. */
  readonly isUnsure: boolean;
}

const START: Place = {
  fence: null,
  item: null,
  isAfterBlank: true,
  isMarkup: false,
  isUnsure: false,
};

export function splitBlocks(text: string): string[] {
  // A lone carriage return ends a line as well, for the reader.
  if (text.includes("\r")) return [text];
  const blocks: string[][] = [];
  let current: string[] = [];
  let place = START;
  for (const line of text.split("\n")) {
    if (place.fence === null && line.includes(REFERENCE)) return [text];
    if (current.length > 0 && beginsBlock(line, place)) {
      blocks.push(current);
      current = [];
    }
    current.push(line);
    place = after(line, place);
  }
  return [...blocks, current].map((lines) => lines.join("\n"));
}

function beginsBlock(line: string, place: Place): boolean {
  const { fence, item, isAfterBlank, isUnsure } = place;
  if (fence !== null || isUnsure || !isAfterBlank || /^\s|^$/.test(line)) return false;
  // Behind code, the reader takes an item that is still empty for a paragraph.
  if (EMPTY_ITEM.test(line)) return false;
  // Items after a blank line belong to the list before them, whatever stands between.
  return item === null || !isItem(line);
}

function after(line: string, place: Place): Place {
  if (place.isUnsure) return place;
  if (place.fence !== null) return closes(line, place.fence) ? { ...START, isAfterBlank: false } : place;
  if (line.trim() === "") return { ...place, isAfterBlank: true, isMarkup: false };
  const next = { ...place, isAfterBlank: false, isMarkup: place.isMarkup || SHORT_HTML.test(line) };
  // What an item holds ends with the item.
  if (place.item !== null && indentOf(line) >= place.item) return next;
  if (isAmbiguous(line, place)) return { ...next, isUnsure: true };
  const fence = FENCE.exec(line);
  if (fence !== null) return { ...next, fence: fence[1] ?? fence[2] ?? null, item: null };
  if (isItem(line)) return { ...next, item: contentColumn(line) };
  // Without a blank line before it, text may still belong to the item.
  return place.isAfterBlank || line.startsWith(">") ? { ...next, item: null } : next;
}

function isAmbiguous(line: string, { item, isAfterBlank, isMarkup }: Place): boolean {
  if (isMarkup && (FENCE.test(line) || ITEM.test(line))) return true;
  if (LONG_HTML.test(line) || EMPTY_ITEM.test(line) || /^ *[-*+\d.)>]* *\t/.test(line)) return true;
  // Only a list that begins at 1 may interrupt a paragraph.
  const number = ITEM.exec(line)?.[2];
  return !isAfterBlank && number !== undefined && number !== "1" && item === null;
}

function isItem(line: string): boolean {
  return ITEM.test(line) && !RULE.test(line);
}

function contentColumn(line: string): number {
  const [, marker = "", , spaces = ""] = ITEM.exec(line) ?? [];
  return marker.length + (spaces.length > CODE_INDENT ? 1 : spaces.length);
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
