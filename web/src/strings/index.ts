/**
 * The words of the reader's language.
 *
 * `strings` is a live binding: it is English until `speak` is called, so read it where the words
 * are shown, never into a constant when a module loads.
 */

import { en } from "./en";
import { pt } from "./pt";

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

export const LANGUAGES = ["en", "pt-BR"] as const;
export type Language = (typeof LANGUAGES)[number];

export type Strings = Widen<Omit<typeof en, "language">> & { readonly language: Language };

/** Each in its own words: who cannot read the page must still find theirs. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: "English",
  "pt-BR": "Português",
};

const WORDS: Readonly<Record<Language, Strings>> = { en, "pt-BR": pt };

export let strings: Strings = en;

/** Say everything in `language` from now on. What is on the screen has to be drawn again. */
export function speak(language: Language): void {
  strings = WORDS[language];
}
