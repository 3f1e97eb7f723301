/**
 * What the reader is told of a failure, in their language: by its code where we know it, else in
 * the server's own words, else in ours.
 */

import { CallFailed, Refused, Unreachable } from "../api/errors";
import { type Failure } from "../api/schemas";
import { SignedOut } from "../api/session";
import { strings } from "../strings";

export function failureText({ code, detail }: Pick<Failure, "code" | "detail">): string {
  if (code === "unreachable") return strings.failures.unreachable;
  if (code === "signed_out") return strings.failures.signedOut;
  return knownCode(code) ?? (detail || strings.failures.unexpected);
}

export function errorText(error: unknown): string {
  if (error instanceof SignedOut) return strings.failures.signedOut;
  if (error instanceof Unreachable) return strings.failures.unreachable;
  if (error instanceof Refused) return refusedText(error);
  return error instanceof CallFailed ? error.message : strings.failures.unexpected;
}

/** A validation problem names its fields; their words say more than the summary. */
function refusedText({ code, fields, message }: Refused): string {
  const said = fields.map((field) => knownCode(`${field.field}_${field.code}`) ?? field.message);
  return said.length > 0 ? said.join(" ") : (knownCode(code) ?? message);
}

function knownCode(code: string): string | null {
  const known: Readonly<Record<string, string>> = strings.failures.byCode;
  return Object.hasOwn(known, code) ? (known[code] ?? null) : null;
}
