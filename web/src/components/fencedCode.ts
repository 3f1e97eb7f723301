/**
 * Reads a block that is one fenced code block, without the Markdown reader.
 *
 * That one reads a block anew with every frame it grows by, and needs tens of milliseconds for a
 * few hundred lines. A fence is simple enough to read by hand; whatever about it is not simple is
 * left to the reader. `tests/hostile.test.tsx` holds both against each other.
 */

export interface FencedCode {
  readonly language: string;
  readonly text: string;
}

const OPENING = /^(`{3,}|~{3,})([\w+#.-]*)[ \t]*$/;

/** The code of `block`; null when it is anything else, or anything more. */
export function fencedCode(block: string): FencedCode | null {
  if (!/^(?:```|~~~)/.test(block) || /[\r\0]/.test(block)) return null;
  const lines = block.split("\n");
  const [, fence = "", language = ""] = OPENING.exec(lines[0] ?? "") ?? [];
  if (fence === "") return null;
  const end = lines.findIndex((line, place) => place > 0 && closes(line, fence));
  if (end > 0) {
    const isAlone = lines.slice(end + 1).every((line) => line.trim() === "");
    return isAlone ? { language, text: joined(lines.slice(1, end)) } : null;
  }
  // The line break at the end begins no line of code yet.
  const isLineOpen = lines.length > 1 && lines.at(-1) === "";
  return { language, text: joined(lines.slice(1, isLineOpen ? -1 : undefined)) };
}

/** A fence closes with as many of its own marks, and nothing behind them. */
export function closes(line: string, fence: string): boolean {
  const marks = /^ {0,3}(`+|~+)[ \t]*$/.exec(line)?.[1];
  return marks !== undefined && marks[0] === fence[0] && marks.length >= fence.length;
}

/** As the reader gives code: each line with its end; nothing for no line. */
function joined(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
