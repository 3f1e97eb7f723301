/**
 * Leads to the message that the address names: reads older pages until it is here, then shows it.
 * One that is nowhere leaves the reader at the end, where a conversation opens.
 */

import { useCallback, useEffect, useRef, useState } from "react";

import { type LinkedMessage, useLinkedMessage } from "../chat/address";
import { type Thread } from "../log/state";
import { type ThreadItem } from "../log/thread";
import { useChat, useLog } from "./context";

export type Leading = "idle" | "reading" | "gone" | "failed";

/** How long a message stays marked, once shown. */
const MARKED_MS = 6_000;

interface Options {
  readonly conversationId: string | null;
  readonly items: readonly ThreadItem[];
  readonly show: (key: string) => void;
}

export function useLinkedItem({ conversationId, items, show }: Options) {
  const chat = useChat();
  const linked = useLinkedMessage();
  const thread = useLog((state) => state.threads.get(conversationId ?? ""));
  const [leading, setLeading] = useState<Leading>("idle");
  const [marked, setMarked] = useMarked();
  /** The going that was brought to its end, well or not. */
  const settled = useRef<LinkedMessage | null>(null);
  const branched = useRef<LinkedMessage | null>(null);

  const settle = useCallback((going: LinkedMessage | null, end: Leading) => {
    settled.current = going;
    setLeading(end);
  }, []);

  useEffect(() => {
    if (linked === settled.current || conversationId === null || thread?.isLoaded !== true) return;
    let isCurrent = true;
    const key = linked && items.find((item) => item.message_id === linked.id)?.key;
    queueMicrotask(() => {
      if (!isCurrent) return;
      if (linked === null) {
        settle(null, "idle");
      } else if (key) {
        settle(linked, "idle");
        setMarked(key);
        show(key);
      } else if (thread.messages.has(linked.id) && branched.current !== linked) {
        // In a branch that is not shown: once it is, this effect finds it.
        branched.current = linked;
        chat.store.dispatch({ type: "local.branch", conversation_id: conversationId, id: linked.id });
      } else if (thread.olderCursor === null || isPassed(linked.id, thread)) {
        settle(linked, "gone");
      } else {
        setLeading("reading");
        chat.loadOlderMessages(conversationId, "many").catch(() => {
          settle(linked, "failed");
        });
      }
    });
    return () => {
      isCurrent = false;
    };
  }, [linked, conversationId, thread, items, chat, show, settle, setMarked]);

  const stop = () => {
    settle(linked, "idle");
  };
  return { leading, marked, stop, readCount: thread?.messages.size ?? 0 };
}

/** Ids sort by their time and pages are read backwards: behind its place it will not come. */
function isPassed(id: string, { readFrom }: Pick<Thread, "readFrom">): boolean {
  return readFrom !== null && readFrom <= id;
}

function useMarked() {
  const [marked, setMarked] = useState<string | null>(null);
  useEffect(() => {
    if (marked === null) return;
    const timer = setTimeout(() => {
      setMarked(null);
    }, MARKED_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [marked]);
  return [marked, setMarked] as const;
}
