/**
 * The keys that do things, and when they may.
 *
 * None is a browser's own, and none takes a letter from what is being written: a key without
 * Ctrl, ⌘ or Alt counts only where nobody writes. Who moves focus by single keys of another tool,
 * or by voice, can switch those off (WCAG 2.1.4).
 */

export type Shortcut =
  | "sheet"
  | "fresh"
  | "search"
  | "composer"
  | "stop"
  | "edit"
  | "copy"
  | "sidebar"
  | "next"
  | "previous";

export interface Keys {
  /** `KeyboardEvent.key`, in lower case. */
  readonly key: string;
  /** Ctrl, or ⌘ on a Mac. */
  readonly mod?: true;
  readonly alt?: true;
  readonly shift?: true;
  /**
   * Where it counts. `outside`: where nobody writes; `blank`: there, and in a field with nothing in
   * it; `empty`: only in the empty message field; `anywhere`.
   */
  readonly when: "outside" | "blank" | "empty" | "anywhere";
}

/** In the order of the sheet. */
export const SHORTCUTS: Readonly<Record<Shortcut, readonly Keys[]>> = {
  fresh: [
    { key: "enter", mod: true, shift: true, when: "anywhere" },
    { key: "n", when: "outside" },
  ],
  search: [{ key: "/", when: "outside" }],
  composer: [{ key: "m", when: "outside" }],
  stop: [{ key: "escape", when: "anywhere" }],
  edit: [
    { key: "arrowup", when: "empty" },
    { key: "e", when: "outside" },
  ],
  copy: [{ key: "c", when: "outside" }],
  // A Mac moves by paragraphs with these.
  next: [
    { key: "arrowdown", alt: true, when: "blank" },
    { key: "j", when: "outside" },
  ],
  previous: [
    { key: "arrowup", alt: true, when: "blank" },
    { key: "k", when: "outside" },
  ],
  sidebar: [{ key: "b", when: "outside" }],
  sheet: [
    { key: "/", mod: true, when: "anywhere" },
    { key: "?", when: "outside" },
  ],
};

/** What of a key press decides. */
export interface Press {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Where the focus is. */
export type Place = "outside" | "filled field" | "blank field" | "empty composer";

export interface Options {
  readonly isMac: boolean;
  readonly hasSingleKeys: boolean;
}

/** Which shortcut a press is; null for one that is none of ours. */
export function shortcutOf(press: Press, place: Place, options: Options): Shortcut | null {
  for (const [name, ways] of Object.entries(SHORTCUTS) as [Shortcut, readonly Keys[]][]) {
    if (ways.some((keys) => isPressed(keys, press, options.isMac) && counts(keys, place, options))) return name;
  }
  return null;
}

function isPressed(keys: Keys, press: Press, isMac: boolean): boolean {
  const [mod, other] = isMac ? [press.metaKey, press.ctrlKey] : [press.ctrlKey, press.metaKey];
  if (press.key.toLowerCase() !== keys.key || other) return false;
  if (mod !== (keys.mod ?? false) || press.altKey !== (keys.alt ?? false)) return false;
  // Many keyboards need Shift for a sign.
  return isSign(keys.key) || press.shiftKey === (keys.shift ?? false);
}

function counts({ key, mod, alt, when }: Keys, place: Place, { hasSingleKeys }: Options): boolean {
  const isSingle = key.length === 1 && mod === undefined && alt === undefined;
  if (isSingle && !hasSingleKeys) return false;
  if (when === "anywhere") return true;
  if (when === "empty") return place === "empty composer";
  return place === "outside" || (when === "blank" && place !== "filled field");
}

function isSign(key: string): boolean {
  return key.length === 1 && !/[a-z]/.test(key);
}

const MAC_NAMES: Readonly<Record<string, string>> = { mod: "⌘", alt: "⌥", shift: "⇧", enter: "↩" };
const NAMES: Readonly<Record<string, string>> = {
  ...{ mod: "Ctrl", alt: "Alt", shift: "Shift", enter: "Enter" },
  ...{ escape: "Esc", arrowup: "↑", arrowdown: "↓" },
};

/** What stands on the keys, one by one. */
export function keyNames({ key, mod, alt, shift }: Keys, isMac: boolean): string[] {
  const held = [mod && "mod", alt && "alt", shift && "shift"].filter((name) => name !== undefined);
  return [...held, key].map((name) => (isMac ? MAC_NAMES[name] : null) ?? NAMES[name] ?? name.toUpperCase());
}

export function isMacLike(platform: string): boolean {
  return /mac|iphone|ipad/i.test(platform);
}

const SINGLE_KEYS = "prosa.singleKeys";

export function readSingleKeys(): boolean {
  return localStorage.getItem(SINGLE_KEYS) !== "off";
}

export function keepSingleKeys(isOn: boolean): void {
  if (isOn) localStorage.removeItem(SINGLE_KEYS);
  else localStorage.setItem(SINGLE_KEYS, "off");
}
