/** How components reach the session: who is signed in, and how to sign in and out. */

import { createContext, use, useSyncExternalStore } from "react";

import { type User } from "../api/schemas";
import { type Session } from "../api/session";

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("useSession outside SessionContext");
  return session;
}

export function useUser(): User | null {
  const session = useSession();
  return useSyncExternalStore(session.onUser, () => session.user);
}
