/** The model the reader chose last, kept in this browser; null leaves it to the server. */

import { useSyncExternalStore } from "react";

const KEY = "prosa.model";
const listeners = new Set<() => void>();

export function readModel(): string | null {
  return localStorage.getItem(KEY);
}

export function keepModel(model: string | null): void {
  if (model === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, model);
  for (const listener of listeners) listener();
}

export function useModel(): string | null {
  return useSyncExternalStore(subscribe, readModel);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}
