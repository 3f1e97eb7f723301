/** One at a time by name: across the tabs of this browser where it can, within the page otherwise. */

export interface LockManagerLike {
  request<T>(name: string, run: () => Promise<T>): Promise<T>;
}

/** Web Locks need a secure context. Without them two tabs may refresh at once, and one signs out. */
export function browserLocks(): LockManagerLike {
  if (!isSecureContext) return new PageLocks();
  return { request: (name, run) => navigator.locks.request(name, run) };
}

/** One holder of a name at a time, in the order of asking. */
export class PageLocks implements LockManagerLike {
  readonly #last = new Map<string, Promise<unknown>>();

  request<T>(name: string, run: () => Promise<T>): Promise<T> {
    const mine = (this.#last.get(name) ?? Promise.resolve()).then(run);
    this.#last.set(name, mine.catch(() => undefined));
    return mine;
  }
}
