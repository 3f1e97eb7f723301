/**
 * Why a socket was closed, as the gateway tells it. Mirrors `ws_gateway/close_codes.py`.
 *
 * The ranges decide for codes this page does not know: 4000-4499 come back, 4500-4999 stay away.
 */

export const CLOSE_CODES = {
  1012: "RESTART",
  4401: "SESSION_OVER",
  4408: "SLOW_READER",
  4429: "TOO_MANY",
  4500: "PROTOCOL_ERROR",
  4503: "FORBIDDEN",
} as const satisfies Record<number, string>;

export const SESSION_OVER = 4401;
export const SLOW_READER = 4408;

/** Coming back would meet the same answer. */
export function isFinal(code: number): boolean {
  return code >= 4500 && code <= 4999;
}
