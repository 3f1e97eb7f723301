/**
 * Where the refresh token rests between page loads: the only module that knows.
 *
 * `Session` reads and writes it. All tabs of the browser share it, so that a token one tab
 * rotated is never used again by another.
 */

import * as v from "valibot";

import { user, type User } from "./schemas";

const KEY = "prosa.session";

const stored = v.object({ refresh_token: v.string(), user });
export type StoredSession = v.InferOutput<typeof stored>;

export interface TokenVault {
  read(): StoredSession | null;
  write(session: StoredSession): void;
  clear(): void;
  /** Call `listener` when another tab wrote or cleared. Returns how to stop. */
  onChange(listener: (session: StoredSession | null) => void): () => void;
}

export class LocalStorageVault implements TokenVault {
  read(): StoredSession | null {
    return parse(localStorage.getItem(KEY));
  }

  write({ refresh_token, user: owner }: { refresh_token: string; user: User }): void {
    localStorage.setItem(KEY, JSON.stringify({ refresh_token, user: owner }));
  }

  clear(): void {
    localStorage.removeItem(KEY);
  }

  onChange(listener: (session: StoredSession | null) => void): () => void {
    const heard = (event: StorageEvent) => {
      // A null key means the whole storage was cleared.
      if (event.key === KEY || event.key === null) listener(parse(event.newValue));
    };
    window.addEventListener("storage", heard);
    return () => {
      window.removeEventListener("storage", heard);
    };
  }
}

function parse(text: string | null): StoredSession | null {
  if (text === null) return null;
  try {
    const read = v.safeParse(stored, JSON.parse(text));
    return read.success ? read.output : null;
  } catch {
    return null;
  }
}
