/**
 * Moves the focus along when what it is on is replaced: a browser would drop it to the page's
 * beginning, and a reader with a keyboard with it.
 */

import { flushSync } from "react-dom";

/** Let `act` change what is shown, then focus what `selector` finds there. */
export function actThenFocus(act: () => void, selector: string): void {
  flushSync(act);
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}

/** On a phone the focus would raise the keyboard over the conversation. */
export const COMPOSER = "[data-testid=composer]";
export function isFieldFocusWelcome(): boolean {
  return matchMedia("(pointer: fine)").matches;
}
