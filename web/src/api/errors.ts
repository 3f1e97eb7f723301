/**
 * What a call may fail with, by the question its caller asks.
 *
 * CallFailed          base; `is_retryable` says whether the same call may succeed later
 * ├── Unreachable     no answer came: offline, refused, cut off or too slow
 * ├── Refused         the server answered with a problem (RFC 9457); `status` and `code` decide
 * └── Unreadable      the server answered with something this page does not understand
 */

import * as v from "valibot";

import { problem, type Problem } from "./schemas";

export abstract class CallFailed extends Error {
  abstract readonly isRetryable: boolean;
  /** What the server asked us to wait, in seconds. */
  readonly retryAfterS: number | null = null;
}

export class Unreachable extends CallFailed {
  override readonly isRetryable = true;
}

export class Unreadable extends CallFailed {
  override readonly isRetryable = false;
}

export class Refused extends CallFailed {
  readonly status: number;
  readonly code: string;
  readonly fields: Problem["errors"];
  override readonly retryAfterS: number | null;

  constructor(status: number, found: Problem, retryAfterS: number | null) {
    super(found.detail || found.title || `HTTP ${status}`);
    this.status = status;
    this.code = found.code;
    this.fields = found.errors;
    this.retryAfterS = retryAfterS;
  }

  override get isRetryable(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408;
  }
}

/** Read the problem out of a response that is not 2xx; a body that is none still makes a Refused. */
export async function refusal(response: Response): Promise<Refused> {
  const body: unknown = await response.json().catch(() => ({}));
  const found = v.safeParse(problem, body);
  return new Refused(
    response.status,
    found.success ? found.output : v.parse(problem, {}),
    parseRetryAfter(response.headers.get("Retry-After")),
  );
}

/** Seconds of a Retry-After header, which is a number or an HTTP date. */
export function parseRetryAfter(value: string | null, now: number = Date.now()): number | null {
  if (value === null || value.trim() === "") return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}
