/**
 * What is said over the top of a thread while something older is read. It lies over the text, so
 * that nothing moves when it comes and goes.
 */

import { type ReactNode } from "react";

import { strings } from "../strings";
import { type Leading } from "./useLinkedItem";
import { type OlderState } from "./useOlder";

interface OlderProps {
  readonly state: OlderState;
  readonly read: () => Promise<void>;
}

/** Older messages come by themselves; the button is for a keyboard, and for when they did not. */
export function OlderNotice({ state, read }: OlderProps) {
  if (state === "none") return null;
  if (state === "reading") return <Notice isLate>{strings.thread.readingOlder}</Notice>;
  return (
    <div className="thread__notice" data-quiet={state === "more"} role={state === "failed" ? "alert" : undefined}>
      {state === "failed" && <span>{strings.thread.olderFailed}</span>}
      <button type="button" className="link-button" data-testid="older" onClick={() => void read()}>
        {state === "failed" ? strings.actions.tryAgain : strings.thread.older}
      </button>
    </div>
  );
}

interface LeadingProps {
  readonly leading: Leading;
  readonly readCount: number;
  readonly stop: () => void;
}

/** On the way to the message the address names. */
export function LeadingNotice({ leading, readCount, stop }: LeadingProps) {
  if (leading === "idle") return null;
  const isReading = leading === "reading";
  return (
    <Notice>
      {isReading ? strings.thread.leading : WORDS[leading]()}
      {/* Not for a live region: it would be read out at each page. */}
      {isReading && <span aria-hidden="true">{strings.thread.leadingRead(readCount)}</span>}
      <button type="button" className="link-button" onClick={stop}>
        {isReading ? strings.thread.leadingStop : strings.actions.close}
      </button>
    </Notice>
  );
}

const WORDS = {
  gone: () => strings.thread.leadingGone,
  failed: () => strings.thread.leadingFailed,
} as const;

function Notice({ isLate = false, children }: { readonly isLate?: boolean; readonly children: ReactNode }) {
  return (
    <div className="thread__notice" role="status" data-late={isLate}>
      {children}
    </div>
  );
}
