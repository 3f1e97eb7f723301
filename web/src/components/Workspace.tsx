/** The signed-in page: the list beside the open conversation; on a phone the list is a drawer. */

import { useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

import { goTo, useOpenConversation } from "../chat/address";
import { newestFirst } from "../log/thread";
import { strings } from "../strings";
import { ConnectionNotice } from "./ConnectionNotice";
import { useChat, useLog } from "./context";
import { Conversation } from "./Conversation";
import { ConversationMenu } from "./ConversationMenu";
import { Icon } from "./Icon";
import { preloadMarkdown } from "./ReplyText";
import { ShortcutSheet } from "./ShortcutSheet";
import { Sidebar } from "./Sidebar";
import { useNotices } from "./useNotices";
import { useShortcuts } from "./useShortcuts";
import { type SidebarState, useSidebar } from "./useSidebar";

export function Workspace() {
  const open = useOpenConversation();
  const sidebar = useSidebar();
  const opener = useRef<HTMLButtonElement>(null);
  const conversation = useLog((state) => (open ? state.conversations.get(open)?.conversation : undefined));
  const title = conversation?.title;
  const [isSheetOpen, setSheetOpen] = useState(false);

  useEffect(preloadMarkdown, []);
  useNotices(open);
  useWorkspaceShortcuts(open, sidebar, () => {
    setSheetOpen(true);
  });

  function hide() {
    flushSync(sidebar.hide);
    // What had the focus is out of sight.
    opener.current?.focus();
  }

  return (
    <div
      className="workspace"
      data-drawer={sidebar.isDrawerOpen ? "open" : "closed"}
      data-list={sidebar.isCollapsed ? "hidden" : "shown"}
    >
      <Sidebar open={open} isDrawerOpen={sidebar.isDrawerOpen} onLeave={sidebar.leave} onHide={hide} />
      <div className="workspace__scrim" aria-hidden="true" onClick={sidebar.leave} />
      <main className="workspace__main" inert={sidebar.isDrawerOpen}>
        <header className="topbar">
          <button
            ref={opener}
            type="button"
            className="icon-button topbar__menu"
            aria-label={strings.list.open}
            aria-expanded={sidebar.isDrawerOpen}
            onClick={sidebar.show}
          >
            <Icon name="menu" />
          </button>
          <h1 className="topbar__title">{title ?? strings.list.fresh}</h1>
          <ConnectionNotice />
          {conversation && <ConversationMenu key={conversation.conversation_id} conversation={conversation} />}
        </header>
        <Conversation key={open ?? "new"} conversationId={open} />
      </main>
      {isSheetOpen && (
        <ShortcutSheet
          onClose={() => {
            setSheetOpen(false);
          }}
        />
      )}
    </div>
  );
}

function useWorkspaceShortcuts(open: string | null, sidebar: SidebarState, showSheet: () => void): void {
  const { store } = useChat();

  function step(by: 1 | -1): boolean {
    const listed = newestFirst(store.state().conversations).map((item) => item.conversation_id);
    // From a new conversation the first step leads to the newest.
    const place = open === null ? -1 : listed.indexOf(open);
    const next = listed[Math.max(0, place + by)];
    if (next === undefined || next === open) return false;
    const isWriting = document.activeElement?.matches("input, textarea") === true;
    flushSync(() => {
      goTo(next, { replace: false });
    });
    // The message field takes the focus as it comes, and the next key with it.
    if (!isWriting && document.activeElement instanceof HTMLElement) document.activeElement.blur();
    return true;
  }

  useShortcuts({
    sheet: done(showSheet),
    fresh: done(() => {
      goTo(null, { replace: open === null });
      sidebar.leave();
      focusOn("[data-testid=composer]");
    }),
    search: () => {
      flushSync(sidebar.show);
      return focusOn("#search-field");
    },
    composer: () => focusOn("[data-testid=composer]"),
    sidebar: done(sidebar.toggle),
    next: () => step(1),
    previous: () => step(-1),
  });
}

function done(act: () => void): () => boolean {
  return () => {
    act();
    return true;
  };
}

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  return found !== null;
}
