/** Shortcuts of a component, while it is there: `chat/shortcuts.ts` says which key is which. */

import { useEffect, useEffectEvent } from "react";

import { isMacLike, type Place, readSingleKeys, type Shortcut, shortcutOf } from "../chat/shortcuts";

/** An act that gives false had nothing to do: the key stays the browser's. */
export type Acts = Partial<Record<Shortcut, () => boolean>>;

export const IS_MAC = typeof navigator !== "undefined" && isMacLike(navigator.platform);

export function useShortcuts(acts: Acts): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    // An input method and whoever had the key first keep it; a dialog keeps all of them.
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]") !== null) return;
    const options = { isMac: IS_MAC, hasSingleKeys: readSingleKeys() };
    const name = shortcutOf(event, placeOf(event.target), options);
    if (name === null || (event.repeat && name !== "next" && name !== "previous")) return;
    if (acts[name]?.() === true) event.preventDefault();
  });
  useEffect(() => {
    window.addEventListener("keydown", press);
    return () => {
      window.removeEventListener("keydown", press);
    };
  }, []);
}

const NOT_WRITTEN_IN = new Set(["button", "checkbox", "radio", "submit", "reset", "file", "color", "image"]);

function placeOf(target: EventTarget | null): Place {
  if (!(target instanceof HTMLElement)) return "outside";
  // A list of choices is searched by typing.
  if (target instanceof HTMLSelectElement || target.isContentEditable) return "filled field";
  if (target instanceof HTMLTextAreaElement) {
    if (target.value !== "") return "filled field";
    return target.dataset["testid"] === "composer" ? "empty composer" : "blank field";
  }
  if (!(target instanceof HTMLInputElement) || NOT_WRITTEN_IN.has(target.type)) return "outside";
  return target.value === "" ? "blank field" : "filled field";
}
