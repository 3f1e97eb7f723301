/** Watches where the focus and the selection are in a list whose items carry `data-key`. */

import { type FocusEvent, type RefObject, useEffect, useMemo, useState } from "react";

import { type Span } from "./keptItems";

export function useKeptItems(list: RefObject<HTMLElement | null>) {
  const [focused, setFocused] = useState<string | null>(null);
  const [selected, setSelected] = useState("");

  useEffect(() => {
    const changed = () => {
      // Kept as text: the same selection is told many times while it is drawn.
      setSelected(selectedIn(list.current).join(" "));
    };
    document.addEventListener("selectionchange", changed);
    return () => {
      document.removeEventListener("selectionchange", changed);
    };
  }, [list]);

  const spans = useMemo(() => {
    const [from, to] = selected.split(" ");
    const found: Span[] = focused === null ? [] : [[focused, focused]];
    return from && to ? [...found, [from, to] as const] : found;
  }, [focused, selected]);

  function onFocus(event: FocusEvent) {
    setFocused(keyAt(event.target));
  }

  function onBlur(event: FocusEvent) {
    // A window that is left keeps its focus for when the reader is back.
    if (event.relatedTarget === null && document.hasFocus()) setFocused(null);
  }

  return { spans, onFocus, onBlur };
}

function selectedIn(list: HTMLElement | null): string[] {
  const selection = document.getSelection();
  if (list === null || selection === null || selection.isCollapsed) return [];
  const ends = [selection.anchorNode, selection.focusNode].map((node) =>
    list.contains(node) ? keyAt(node) : null,
  );
  // One end may lie outside: what is selected of the list then begins or ends with the other.
  const [from, to] = [ends[0] ?? ends[1], ends[1] ?? ends[0]];
  return from && to ? [from, to] : [];
}

function keyAt(node: Node | null): string | null {
  const element = node instanceof Element ? node : node?.parentElement;
  return element?.closest<HTMLElement>("[data-key]")?.dataset["key"] ?? null;
}
