/**
 * One HTTP call: timeout, retries, problem documents, typed answers.
 *
 * Who may be retried is decided here once: a call that changes nothing, or one that carries an
 * idempotency key, is repeated with the same key while the failure may pass. Everything else
 * runs once. Authentication is added by `Session`, which wraps `send`.
 */

import * as v from "valibot";

import { backoffMs, DEFAULT_BACKOFF, type BackoffPolicy, wait } from "./backoff";
import { type CallFailed, refusal, Refused, Unreachable, Unreadable } from "./errors";

const TIMEOUT_MS = 20_000;
/** With full jitter and a 30 s cap this is about two minutes of trying. */
const MAX_TRIES = 8;
/** A server that asks for more than this is better answered by the reader than by a timer. */
const MAX_RETRY_AFTER_S = 30;

export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly bearer?: string;
  readonly signal?: AbortSignal;
}

export interface HttpOptions {
  readonly baseUrl: string;
  readonly backoff?: BackoffPolicy;
  readonly maxTries?: number;
  readonly timeoutMs?: number;
  /** Tells `online` when the network is back, which ends a wait early. */
  readonly wakeOn?: EventTarget;
}

/** Runs one attempt of a call. */
export type Send = (call: Call) => Promise<Response>;

/** One attempt over fetch. Resolves with a 2xx; throws Unreachable or Refused. */
export function sender(options: HttpOptions): Send {
  return async (call) => {
    const response = await attempt(options, call);
    if (!response.ok) throw await refusal(response);
    return response;
  };
}

async function attempt(options: HttpOptions, call: Call): Promise<Response> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const headers = new Headers({ Accept: "application/json" });
  if (call.body !== undefined) headers.set("Content-Type", "application/json");
  if (call.idempotencyKey !== undefined) headers.set("Idempotency-Key", call.idempotencyKey);
  if (call.bearer !== undefined) headers.set("Authorization", `Bearer ${call.bearer}`);
  try {
    return await fetch(options.baseUrl + call.path, {
      method: call.method,
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]),
      cache: "no-store",
    });
  } catch (error) {
    call.signal?.throwIfAborted();
    throw new Unreachable("No answer from the server.", { cause: error });
  }
}

/** Repeat `call` through `send` while it is safe and may help. Throws the last failure. */
export async function sendWithRetries(
  send: Send,
  call: Call,
  options: HttpOptions,
): Promise<Response> {
  const maxTries = isRepeatable(call) ? (options.maxTries ?? MAX_TRIES) : 1;
  for (let tried = 1; ; tried += 1) {
    try {
      return await send(call);
    } catch (error) {
      if (!mayPass(error) || tried >= maxTries) throw error;
      const jitter = backoffMs(tried - 1, options.backoff ?? DEFAULT_BACKOFF);
      await wait((error.retryAfterS ?? 0) * 1000 + jitter, call.signal, options.wakeOn);
    }
  }
}

function isRepeatable(call: Call): boolean {
  return call.method === "GET" || call.method === "DELETE" || call.idempotencyKey !== undefined;
}

function mayPass(error: unknown): error is CallFailed {
  if (error instanceof Unreachable) return true;
  return (
    error instanceof Refused &&
    error.isRetryable &&
    (error.retryAfterS ?? 0) <= MAX_RETRY_AFTER_S
  );
}

/** Read a 2xx body as `schema`. Throws Unreadable. */
export async function readAs<S extends v.GenericSchema>(
  response: Response,
  schema: S,
): Promise<v.InferOutput<S>> {
  const body: unknown = await response.json().catch(() => undefined);
  const read = v.safeParse(schema, body);
  if (!read.success) {
    const at = v.getDotPath(read.issues[0]) ?? "body";
    throw new Unreadable(`${at}: ${read.issues[0].message}`);
  }
  return read.output;
}
