/**
 * How long to wait before trying again: full jitter, so that the clients of a restarted server
 * do not come back in step. The HTTP client and the socket both ask here.
 */

export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 500, capMs: 30_000 };

/** A random wait in [0, min(cap, base * 2^attempt)]. `attempt` counts from 0. */
export function backoffMs(
  attempt: number,
  policy: BackoffPolicy = DEFAULT_BACKOFF,
  random: () => number = Math.random,
): number {
  // 2^30 is far past any cap; more would overflow for a page that is offline for days.
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt, 30));
  return random() * ceiling;
}

/**
 * Resolve after `ms`, or when `wakeOn` tells that the network is back. Rejects with the signal's
 * reason when it is aborted first.
 */
export function wait(ms: number, signal?: AbortSignal, wakeOn?: EventTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      wakeOn?.removeEventListener("online", finish);
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(finish, signal?.aborted === true ? 0 : ms);
    signal?.addEventListener("abort", finish);
    wakeOn?.addEventListener("online", finish);
  });
}
