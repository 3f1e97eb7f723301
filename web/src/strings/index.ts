/** The words of the reader's language. English only so far; a second language is chosen here. */

import { en } from "./en";

type Widen<T> = T extends string
  ? string
  : T extends (...args: infer A) => string
    ? (...args: A) => string
    : { readonly [K in keyof T]: Widen<T[K]> };

export type Strings = Widen<typeof en>;

export const strings: Strings = en;
