/** The signed-in page: the list beside the open conversation; on a phone the list is a drawer. */

import { useEffect, useState } from "react";

import { useOpenConversation } from "../chat/address";
import { strings } from "../strings";
import { ConnectionNotice } from "./ConnectionNotice";
import { useLog } from "./context";
import { Conversation } from "./Conversation";
import { Icon } from "./Icon";
import { preloadMarkdown } from "./ReplyText";
import { Sidebar } from "./Sidebar";

export function Workspace() {
  const open = useOpenConversation();
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const title = useLog((state) => open && state.conversations.get(open)?.conversation.title);

  useEffect(preloadMarkdown, []);
  useEffect(() => {
    document.title = title ? `${title} · ${strings.appName}` : strings.appName;
  }, [title]);

  function closeDrawer() {
    setDrawerOpen(false);
  }

  return (
    <div className="workspace" data-drawer={isDrawerOpen ? "open" : "closed"}>
      <Sidebar open={open} isDrawerOpen={isDrawerOpen} onLeave={closeDrawer} />
      <div className="workspace__scrim" aria-hidden="true" onClick={closeDrawer} />
      <main className="workspace__main" inert={isDrawerOpen}>
        <header className="topbar">
          <button
            type="button"
            className="icon-button topbar__menu"
            aria-label={strings.list.open}
            aria-expanded={isDrawerOpen}
            onClick={() => {
              setDrawerOpen(true);
            }}
          >
            <Icon name="menu" />
          </button>
          <h1 className="topbar__title">{title ?? strings.list.fresh}</h1>
          <ConnectionNotice />
        </header>
        <Conversation key={open ?? "new"} conversationId={open} />
      </main>
    </div>
  );
}
