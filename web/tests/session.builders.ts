/** A vault in memory that two sessions share as two tabs do. */

import { type StoredSession, type TokenVault } from "../src/api/tokenVault";

export class SharedVault {
  #stored: StoredSession | null = null;
  readonly #tabs = new Set<(session: StoredSession | null) => void>();

  get stored(): StoredSession | null {
    return this.#stored;
  }

  /** What one tab sees: its own writes are told to the others only. */
  tab(): TokenVault {
    let own: ((session: StoredSession | null) => void) | null = null;
    const put = (session: StoredSession | null) => {
      this.#stored = session;
      for (const tell of this.#tabs) if (tell !== own) tell(session);
    };
    return {
      read: () => this.#stored,
      write: ({ refresh_token, user }) => {
        put({ refresh_token, user });
      },
      clear: () => {
        put(null);
      },
      onChange: (listener) => {
        own = listener;
        this.#tabs.add(listener);
        return () => this.#tabs.delete(listener);
      },
    };
  }
}

export function aUser(user_id = "usr_1", is_guest = true) {
  return { user_id, email: null, is_guest, created_at: "2026-01-01T10:00:00.000Z" };
}

export function tokens(serial: number, user_id = "usr_1") {
  return {
    access_token: `access-${serial}`,
    refresh_token: `refresh-${serial}`,
    expires_in: 900,
    token_type: "Bearer",
    user: aUser(user_id),
  };
}
