/** Tells how much room a message has left, once there is little. */

import { strings } from "../strings";
import { CONTENT_MAX_CHARS, lengthOf } from "./messageLength";

/** From here on the reader is told what is left. */
const WARN_AT_CHARS = 7_200;

export function LengthCounter({ text }: { readonly text: string }) {
  const length = lengthOf(text);
  const left = CONTENT_MAX_CHARS - length;
  return (
    <span className="composer__count" role="status" data-over={left < 0} data-testid="counter">
      {length >= WARN_AT_CHARS && (left < 0 ? strings.composer.over(-left) : strings.composer.left(left))}
    </span>
  );
}
