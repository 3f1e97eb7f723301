/** The search of the list: what is in its field, what was found, and the keys between the two. */

import { type KeyboardEvent, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { Search } from "../chat/search";
import { useChat } from "./context";

export function useSearch() {
  const { api } = useChat();
  const [search] = useState(
    () => new Search((question, cursor, signal) => api.search(question, cursor, signal)),
  );
  const state = useSyncExternalStore(search.subscribe, search.state);
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => () => {
    search.stop();
  }, [search]);

  function change(next: string) {
    setText(next);
    search.ask(next);
  }

  function clear() {
    change("");
    field.current?.focus();
  }

  /** Arrow keys go from the field through the hits and back; Escape empties, from wherever. */
  function pressed(event: KeyboardEvent<HTMLElement>) {
    if (state.question === "") return;
    const isHit = event.target instanceof HTMLElement && event.target.dataset.hit !== undefined;
    const isField = event.target === field.current;
    if (!isHit && !isField) return;
    const hits = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-hit]")];
    const place = hits.indexOf(event.target as HTMLElement);
    const next = placeAfter(event.key, place, hits.length);
    if (event.key === "Escape" && isHit) clear();
    else if (event.key === "Enter" && isField && !event.nativeEvent.isComposing) {
      // Never a hit of the question before.
      if (state.answered === state.question) hits[0]?.click();
    } else if (next === null || hits.length === 0) return;
    else (hits[next] ?? field.current)?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  return { search, state, text, field, change, clear, pressed };
}

/** Where an arrow leads: -1 is the field, null nowhere. */
function placeAfter(key: string, place: number, count: number): number | null {
  if (key === "ArrowDown") return Math.min(place + 1, count - 1);
  if (key === "ArrowUp") return place < 0 ? null : place - 1;
  if (key === "End" && place >= 0) return count - 1;
  if (key === "Home" && place >= 0) return 0;
  return null;
}
