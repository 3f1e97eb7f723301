/**
 * Cuts Markdown where reading the parts gives the same as reading the whole.
 *
 * Conservative: it cuts after a blank line only, never inside a fence, a list or anything
 * indented, and not at all where the text defines references, which reach across blocks.
 */

const FENCE = /^\s*(`{3,}|~{3,})/;
const LIST_ITEM = /^(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const REFERENCE = /^ {0,3}\[[^\]]+\]:/m;

export function splitBlocks(text: string): string[] {
  if (REFERENCE.test(text)) return [text];
  const blocks: string[][] = [];
  let current: string[] = [];
  let fence: string | null = null;
  let isAfterBlank = false;
  for (const line of text.split("\n")) {
    const isBlank = line.trim() === "";
    if (fence === null && isAfterBlank && !isBlank && begins(line, current)) {
      blocks.push(current);
      current = [];
    }
    current.push(line);
    fence = fenceAfter(line, fence);
    isAfterBlank = isBlank;
  }
  return [...blocks, current].map((lines) => lines.join("\n"));
}

/** Does `line`, after a blank one, begin something new? */
function begins(line: string, current: readonly string[]): boolean {
  if (/^\s/.test(line)) return false;
  const first = current.find((candidate) => candidate.trim() !== "") ?? "";
  // Items after a blank line belong to the list before them, whatever stands between.
  return !(LIST_ITEM.test(line) && LIST_ITEM.test(first.trimStart()));
}

/** The fence that is open after `line`, if one is; it closes with as many of the same marks. */
function fenceAfter(line: string, open: string | null): string | null {
  const marks = FENCE.exec(line)?.[1];
  if (open === null) return marks ?? null;
  const closes =
    marks !== undefined &&
    marks[0] === open[0] &&
    marks.length >= open.length &&
    line.trim() === marks;
  return closes ? null : open;
}
