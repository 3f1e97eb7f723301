/**
 * What the gateway sends and what it is sent, read and written here only. See `prosa/events.py`.
 */

import * as v from "valibot";

import { type LogEvent, logEvent } from "../log/events";

const serverFrame = v.variant("type", [
  ...logEvent.options,
  v.object({
    type: v.literal("connected"),
    connection_id: v.string(),
    cursor: v.string(),
    heartbeat_s: v.pipe(v.number(), v.minValue(1)),
  }),
  v.object({ type: v.literal("resync"), reason: v.string() }),
  v.object({ type: v.literal("draining"), reconnect_in_s: v.pipe(v.number(), v.minValue(0)) }),
  v.object({ type: v.literal("authenticated"), expires_in: v.number() }),
  v.object({ type: v.literal("error"), code: v.string(), detail: v.string() }),
  v.object({ type: v.literal("pong") }),
]);
export type ServerFrame = v.InferOutput<typeof serverFrame>;
export type Connected = Extract<ServerFrame, { type: "connected" }>;

export type ClientFrame =
  | { readonly action: "ping" }
  | { readonly action: "authenticate"; readonly ticket: string }
  | { readonly action: "cancel"; readonly job_id: string }
  | { readonly action: "ack"; readonly cursor: string };

export interface ReadFrame {
  /** null is a type this page does not know: a newer server may send it. */
  readonly frame: ServerFrame | null;
  /** Where it stands in the log; a page that skips an unknown event still moves on. */
  readonly cursor: string | null;
}

const LOG_TYPES: ReadonlySet<string> = new Set(
  logEvent.options.map((option) => option.entries.type.literal),
);

export function isLogEvent(frame: ServerFrame): frame is LogEvent {
  return LOG_TYPES.has(frame.type);
}

const numbered = v.object({ cursor: v.string() });

/** Read the text of a frame; text that is no frame reads as an unknown one without a place. */
export function readFrame(text: string): ReadFrame {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { frame: null, cursor: null };
  }
  const read = v.safeParse(serverFrame, body);
  const place = v.safeParse(numbered, body);
  return {
    frame: read.success ? read.output : null,
    cursor: place.success ? place.output.cursor : null,
  };
}

export function writeFrame(frame: ClientFrame): string {
  return JSON.stringify(frame);
}
