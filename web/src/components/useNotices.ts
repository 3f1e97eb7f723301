/**
 * Tells who was away that a reply is ready: a mark in the list, a number in the title, a dot on
 * the tab's icon, and a notice of the desktop for who asked for it. Looking takes them back.
 */

import { useEffect, useEffectEvent } from "react";

import { goTo } from "../chat/address";
import { notify } from "../chat/desktopNotice";
import { markRead, markUnread, useUnread } from "../chat/unread";
import { type Finished, finishedBetween } from "../log/finished";
import { strings } from "../strings";
import { useChat, useLog } from "./context";

export function useNotices(open: string | null): void {
  const { store } = useChat();
  const unread = useUnread();

  const tell = useEffectEvent((reply: Finished) => {
    const { conversation_id, text, isFailed } = reply;
    if (isLookedAt() && conversation_id === open) return;
    markUnread(conversation_id);
    if (isLookedAt()) return;
    const known = store.state().conversations.get(conversation_id)?.conversation.title;
    notify({
      title: isFailed ? strings.notices.failed : strings.notices.ready,
      text: known ? `${known}: ${text}` : text,
      tag: conversation_id,
      onClick: () => {
        goTo(conversation_id, { replace: false });
      },
    });
  });

  useEffect(() => {
    let before = store.state();
    return store.subscribe(() => {
      const after = store.state();
      for (const reply of finishedBetween(before, after)) tell(reply);
      before = after;
    });
  }, [store]);

  useEffect(() => {
    const look = () => {
      if (open !== null && isLookedAt()) markRead(open);
    };
    look();
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [open, unread]);

  useTabSign(open);
}

/** The tab itself: its title and its icon. */
function useTabSign(open: string | null): void {
  const unread = useUnread();
  const known = useLog((state) => state.conversations);
  const title = open === null ? undefined : known.get(open)?.conversation.title;
  // Marks of another reader of this browser, or of what was deleted, count for nothing.
  const count = [...unread].filter((id) => known.has(id)).length;
  useEffect(() => {
    const name = title ? `${title} · ${strings.appName}` : strings.appName;
    document.title = count === 0 ? name : `(${count}) ${name}`;
    const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    const href = count === 0 ? "/mark.svg" : "/mark-unread.svg";
    if (icon !== null && icon.getAttribute("href") !== href) icon.href = href;
  }, [count, title]);
  // Whoever signs out leaves no sign.
  useEffect(
    () => () => {
      document.title = strings.appName;
      document.querySelector<HTMLLinkElement>("link[rel=icon]")?.setAttribute("href", "/mark.svg");
    },
    [],
  );
}

function isLookedAt(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}
