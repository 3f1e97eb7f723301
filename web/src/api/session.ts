/**
 * Who is signed in, and a fresh access token for every call.
 *
 * Refresh tokens work once, and a second use signs the user out everywhere. So a refresh is
 * single-flight within the page (one promise) and across tabs (one Web Lock, and the token is
 * read from the vault inside it). Signing in takes the same lock: a guest's session ends before
 * the account's tokens are here, and a refresh in between would find it over. The access token
 * lives in memory only.
 */

import { Refused } from "./errors";
import { type Call, readAs, type Send } from "./http";
import { type LockManagerLike } from "./locks";
import { session as sessionSchema, type Session as Tokens, type User } from "./schemas";
import { type TokenVault } from "./tokenVault";

/** Renew this long before the token ends: longer than any call may take. */
const RENEW_BEFORE_S = 60;
const RENEW_RETRY_MS = 10_000;
const LOCK_NAME = "prosa.refresh";

/** The session is over; the reader must sign in again. */
export class SignedOut extends Error {}

type SignInPath = "/auth/guest" | "/auth/register" | "/auth/login";

export class Session {
  readonly #send: Send;
  readonly #vault: TokenVault;
  readonly #locks: LockManagerLike;
  readonly #userListeners = new Set<() => void>();
  readonly #renewListeners = new Set<() => void>();
  #user: User | null;
  #access: { token: string; endsAt: number } | null = null;
  #refreshing: Promise<string> | null = null;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: Send, vault: TokenVault, locks: LockManagerLike) {
    this.#send = send;
    this.#vault = vault;
    this.#locks = locks;
    this.#user = vault.read()?.user ?? null;
    vault.onChange((stored) => {
      // Another tab signed out, or in as someone else: its token is the only one that works now.
      if (stored?.user.user_id !== this.#user?.user_id) this.#dropAccess();
      this.#setUser(stored?.user ?? null);
    });
  }

  get user(): User | null {
    return this.#user;
  }

  /** Call `listener` whenever `user` changes. Returns how to stop. */
  onUser = (listener: () => void): (() => void) => subscribe(this.#userListeners, listener);

  /** Call `listener` after each renewed access token: sockets must renew their session too. */
  onRenewed = (listener: () => void): (() => void) => subscribe(this.#renewListeners, listener);

  /** Sign in. A guest who registers sends along who they were, and keeps the conversations. */
  async signIn(path: SignInPath, credentials?: { email: string; password: string }): Promise<void> {
    const asGuest = path === "/auth/register" && this.#user?.is_guest === true;
    const call: Call = {
      method: "POST",
      path,
      ...(credentials && { body: credentials }),
      ...(asGuest && { bearer: await this.#bearer() }),
    };
    await this.#locks.request(LOCK_NAME, async () => {
      this.#accept(await readAs(await this.#send(call), sessionSchema));
    });
  }

  /** Change the password; every other session of this user ends. */
  async changePassword(current: string, next: string): Promise<void> {
    const body = { current_password: current, new_password: next };
    await this.send({ method: "POST", path: "/auth/password", body });
  }

  /** Forget the session here at once, and tell the server if it can be reached. */
  async signOut(): Promise<void> {
    const stored = this.#vault.read();
    this.#end();
    if (stored === null) return;
    const body = { refresh_token: stored.refresh_token };
    await this.#send({ method: "POST", path: "/auth/logout", body }).catch(() => undefined);
  }

  /** A `Send` that carries the bearer token, and renews it once when the server says 401. */
  readonly send: Send = async (call: Call) => {
    const bearer = await this.#bearer();
    try {
      return await this.#send({ ...call, bearer });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      return await this.#send({ ...call, bearer: await this.refresh() });
    }
  };

  /** Get a new access token now. Throws SignedOut when the session is over. */
  refresh(): Promise<string> {
    this.#refreshing ??= this.#locks
      .request(LOCK_NAME, () => this.#refreshLocked())
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  async #refreshLocked(): Promise<string> {
    const stored = this.#vault.read();
    if (stored === null) throw new SignedOut();
    const body = { refresh_token: stored.refresh_token };
    try {
      const response = await this.#send({ method: "POST", path: "/auth/refresh", body });
      const tokens = await readAs(response, sessionSchema);
      // Signing out does not wait for the lock: nobody is signed in again by an answer on its way.
      if (this.#vault.read() === null) throw new SignedOut();
      this.#accept(tokens);
      return tokens.access_token;
    } catch (error) {
      if (!(error instanceof Refused) || error.isRetryable) throw error;
      this.#end();
      throw new SignedOut("The session is over.", { cause: error });
    }
  }

  async #bearer(): Promise<string> {
    const access = this.#access;
    return access !== null && access.endsAt > Date.now() ? access.token : this.refresh();
  }

  #accept(tokens: Tokens): void {
    const lifeMs = Math.max(tokens.expires_in - RENEW_BEFORE_S, tokens.expires_in / 2) * 1000;
    this.#vault.write(tokens);
    this.#access = { token: tokens.access_token, endsAt: Date.now() + lifeMs };
    this.#renewIn(lifeMs);
    this.#setUser(tokens.user);
    for (const listener of this.#renewListeners) listener();
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => {
      this.refresh().catch((error: unknown) => {
        if (!(error instanceof SignedOut)) this.#renewIn(RENEW_RETRY_MS);
      });
    }, ms);
  }

  #end(): void {
    this.#vault.clear();
    this.#dropAccess();
    this.#setUser(null);
  }

  #dropAccess(): void {
    clearTimeout(this.#renewTimer);
    this.#access = null;
  }

  #setUser(user: User | null): void {
    this.#user = user;
    for (const listener of this.#userListeners) listener();
  }
}

function subscribe(listeners: Set<() => void>, listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
