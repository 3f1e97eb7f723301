/** How long a message may be. */

/** The server's limit, in Unicode code points (`prosa/conversation.py`). */
export const CONTENT_MAX_CHARS = 8_000;

export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Whether there is something to send, and not too much. */
export function isSendable(text: string): boolean {
  return text.trim() !== "" && lengthOf(text) <= CONTENT_MAX_CHARS;
}
