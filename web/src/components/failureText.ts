/** What the reader is told of a failure: the server's own words, or ours where it had none. */

import { CallFailed, Unreachable } from "../api/errors";
import { type Failure } from "../api/schemas";
import { SignedOut } from "../api/session";
import { strings } from "../strings";

export function failureText({ code, detail }: Pick<Failure, "code" | "detail">): string {
  if (detail !== "") return detail;
  if (code === "unreachable") return strings.failures.unreachable;
  if (code === "signed_out") return strings.failures.signedOut;
  return strings.failures.unexpected;
}

export function errorText(error: unknown): string {
  if (error instanceof SignedOut) return strings.failures.signedOut;
  if (error instanceof Unreachable) return strings.failures.unreachable;
  return error instanceof CallFailed ? error.message : strings.failures.unexpected;
}
