/**
 * Which language the page speaks: the reader's choice, kept in this browser; else what the
 * browser asks for.
 */

import { useSyncExternalStore } from "react";

import { type Language, LANGUAGES, speak, strings } from "../strings";

const KEY = "prosa.language";
const listeners = new Set<() => void>();

/** The first of the reader's languages that the page knows; English where it knows none. */
export function preferred(asked: readonly string[]): Language {
  for (const tag of asked) {
    const [primary] = tag.toLowerCase().split("-");
    // Any Portuguese is nearer to a reader of Portuguese than English is.
    const known = LANGUAGES.find((language) => language.split("-")[0] === primary);
    if (known !== undefined) return known;
  }
  return "en";
}

export function readLanguage(): Language {
  const stored = localStorage.getItem(KEY);
  return LANGUAGES.find((language) => language === stored) ?? preferred(navigator.languages);
}

/** Speak `language`, and tell the browser so: hyphens, spelling and voices go by it. */
export function applyLanguage(language: Language): void {
  speak(language);
  document.documentElement.lang = language;
  document.querySelector('meta[name="description"]')?.setAttribute("content", strings.description);
  for (const listener of listeners) listener();
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  applyLanguage(language);
}

/** For the root, which draws everything again when it changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, () => strings.language);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
