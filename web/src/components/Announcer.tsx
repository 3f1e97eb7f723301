/**
 * Tells a screen reader when a reply has ended. Only the end is told: a live region on the
 * streaming text itself would read every fragment.
 */

import { useRef, useState, useEffect } from "react";

import { type ReplyItem, type ThreadItem } from "../log/thread";
import { strings } from "../strings";
import { failureText } from "./failureText";

/** Enough to know what it is about; the rest is in the thread. */
const MAX_SPOKEN_CHARS = 400;

export function Announcer({ items }: { readonly items: readonly ThreadItem[] }) {
  const [spoken, setSpoken] = useState("");
  const running = useRef<string | null>(null);
  const last = items.at(-1);

  useEffect(() => {
    if (last?.kind !== "reply" || last.message_id === null) return;
    if (last.status === "queued" || last.status === "streaming") {
      running.current = last.message_id;
    } else if (running.current === last.message_id) {
      running.current = null;
      setSpoken(sentence(last));
    }
  }, [last]);

  return (
    <p className="visually-hidden" aria-live="polite" data-testid="announcer">
      {spoken}
    </p>
  );
}

function sentence(reply: ReplyItem): string {
  if (reply.failure !== null) return strings.thread.finishedFailed(failureText(reply.failure));
  if (reply.status === "cancelled") return strings.thread.cancelled;
  return strings.thread.finished(reply.text.slice(0, MAX_SPOKEN_CHARS));
}
