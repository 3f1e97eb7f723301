/** Keys do what the sheet says, and leave writing and the browser alone. */

import { describe, expect, it } from "vitest";

import { isMacLike, keyNames, type Place, type Press, shortcutOf, SHORTCUTS } from "../src/chat/shortcuts";

const PC = { isMac: false, hasSingleKeys: true };
const MAC = { isMac: true, hasSingleKeys: true };

function press(written: string): Press {
  const parts = written.split("+").filter((part) => part !== "");
  const has = (name: string) => parts.includes(name);
  return {
    key: written.endsWith("++") ? "+" : (parts.at(-1) ?? ""),
    ...{ ctrlKey: has("ctrl"), metaKey: has("meta"), altKey: has("alt"), shiftKey: has("shift") },
  };
}

describe("a key press", () => {
  it.each([
    ["?", "outside", "sheet"],
    ["shift+?", "outside", "sheet"],
    ["ctrl+/", "filled field", "sheet"],
    // A German keyboard has its slash above the 7.
    ["ctrl+shift+/", "filled field", "sheet"],
    ["ctrl+shift+Enter", "filled field", "fresh"],
    ["n", "outside", "fresh"],
    ["/", "outside", "search"],
    ["m", "outside", "composer"],
    ["Escape", "filled field", "stop"],
    ["ArrowUp", "empty composer", "edit"],
    ["c", "outside", "copy"],
    ["b", "outside", "sidebar"],
    ["alt+ArrowDown", "empty composer", "next"],
    ["alt+ArrowUp", "outside", "previous"],
    ["k", "outside", "previous"],
  ] as const)("%s, %s, is %s", (written, place, name) => {
    expect(shortcutOf(press(written), place, PC)).toBe(name);
  });

  it.each([
    ["a letter that is written", "n", "blank field"],
    ["a question mark that is written", "shift+?", "empty composer"],
    ["a slash that is written", "/", "filled field"],
    ["the way up in a text", "ArrowUp", "filled field"],
    ["the way up in an empty search field", "ArrowUp", "blank field"],
    ["the way up on the page", "ArrowUp", "outside"],
    ["paragraphs in a text", "alt+ArrowDown", "filled field"],
    ["a capital", "shift+N", "outside"],
  ] as const)("leaves %s", (_what, written, place) => {
    expect(shortcutOf(press(written), place, PC)).toBeNull();
  });

  it("is never one of the browser's own", () => {
    const letters = Array.from("abcdefghijklmnopqrstuvwxyz0123456789");
    const theirs = [
      ...letters.flatMap((key) => [`ctrl+${key}`, `ctrl+shift+${key}`, `alt+${key}`, `ctrl+alt+${key}`]),
      ...["F1", "F3", "F5", "F6", "F7", "F10", "F11", "F12", "Tab", " ", "Home", "End", "PageUp", "PageDown"],
      ...["alt+ArrowLeft", "alt+ArrowRight", "ctrl+Tab", "ctrl+Enter", "shift+Escape", "Backspace", "Enter"],
    ];
    for (const written of theirs) {
      for (const place of ["outside", "filled field", "blank field", "empty composer"] satisfies Place[]) {
        expect(shortcutOf(press(written), place, PC), `${written} ${place}`).toBeNull();
        const onMac = written.replaceAll("ctrl", "meta");
        expect(shortcutOf(press(onMac), place, MAC), `${onMac} ${place}`).toBeNull();
      }
    }
  });

  it("with Ctrl is Ctrl on a PC, and ⌘ on a Mac", () => {
    expect(shortcutOf(press("meta+/"), "outside", MAC)).toBe("sheet");
    expect(shortcutOf(press("ctrl+/"), "outside", MAC)).toBeNull();
    expect(shortcutOf(press("meta+/"), "outside", PC)).toBeNull();
  });

  it("of a single key can be switched off; the others stay", () => {
    const off = { ...PC, hasSingleKeys: false };
    expect(shortcutOf(press("n"), "outside", off)).toBeNull();
    expect(shortcutOf(press("?"), "outside", off)).toBeNull();
    expect(shortcutOf(press("ctrl+/"), "outside", off)).toBe("sheet");
    expect(shortcutOf(press("ArrowUp"), "empty composer", off)).toBe("edit");
    expect(shortcutOf(press("Escape"), "outside", off)).toBe("stop");
  });

  it("means one thing only", () => {
    const all = Object.values(SHORTCUTS)
      .flat()
      .map((keys) => JSON.stringify({ ...keys, when: null }));
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("what stands on the keys", () => {
  it.each([
    ["Win32", ["Ctrl", "Shift", "Enter"]],
    ["Linux x86_64", ["Ctrl", "Shift", "Enter"]],
    ["MacIntel", ["⌘", "⇧", "↩"]],
    ["iPad", ["⌘", "⇧", "↩"]],
  ])("of %s", (platform, names) => {
    const [first] = SHORTCUTS.fresh;
    expect(first && keyNames(first, isMacLike(platform))).toEqual(names);
  });
});
