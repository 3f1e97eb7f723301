/** The list of conversations, newest first, and who is signed in. */

import { useEffect, useMemo, useRef, useState } from "react";

import { type Conversation } from "../api/schemas";
import { conversationPath, goTo } from "../chat/address";
import { useUnread } from "../chat/unread";
import { busyConversations, newestFirst } from "../log/thread";
import { strings } from "../strings";
import { Account } from "./Account";
import { useChat, useLog } from "./context";
import { ConversationRow } from "./ConversationRow";
import { groupByAge } from "./groupByAge";
import { Icon } from "./Icon";
import { SearchBox } from "./SearchBox";
import { SearchResults } from "./SearchResults";
import { Mark } from "./Tiles";
import { useSearch } from "./useSearch";

interface Props {
  readonly open: string | null;
  readonly isDrawerOpen: boolean;
  /** Something was chosen: a drawer has done its work. */
  readonly onLeave: () => void;
  readonly onHide: () => void;
}

export function Sidebar({ open, isDrawerOpen, onLeave, onHide }: Props) {
  const element = useRef<HTMLElement>(null);
  const search = useSearch();
  useEffect(() => {
    if (isDrawerOpen) element.current?.querySelector<HTMLElement>("a, button")?.focus();
  }, [isDrawerOpen]);
  return (
    // The key is the drawer's, wherever in it the focus is.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <nav
      ref={element}
      className="sidebar"
      aria-label={strings.list.label}
      onKeyDown={(event) => {
        search.pressed(event);
        if (event.key === "Escape" && isDrawerOpen && !event.isPropagationStopped()) onLeave();
      }}
    >
      <Head onHide={onHide} />
      <NewConversation open={open} onLeave={onLeave} />
      <SearchBox
        text={search.text}
        isBusy={search.state.status === "busy"}
        field={search.field}
        onText={search.change}
        onClear={search.clear}
      />
      {search.state.question === "" ? (
        <List open={open} onLeave={onLeave} />
      ) : (
        <SearchResults
          state={search.state}
          open={open}
          onMore={search.search.more}
          onOpen={onLeave}
        />
      )}
      <Account />
    </nav>
  );
}

function Head({ onHide }: Pick<Props, "onHide">) {
  return (
    <div className="sidebar__head">
      <p className="wordmark">
        <Mark />
        {strings.appName}
      </p>
      <button
        type="button"
        className="icon-button sidebar__close"
        aria-label={strings.list.close}
        onClick={onHide}
      >
        <Icon name="panel" />
      </button>
    </div>
  );
}

function NewConversation({ open, onLeave }: Pick<Props, "open" | "onLeave">) {
  return (
    <a
      href={conversationPath(null)}
      className="sidebar__new"
      data-testid="new-conversation"
      aria-current={open === null ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        goTo(null, { replace: open === null });
        onLeave();
      }}
    >
      <Icon name="plus" />
      {strings.list.fresh}
    </a>
  );
}

function List({ open, onLeave }: Pick<Props, "open" | "onLeave">) {
  const known = useLog((state) => state.conversations);
  const older = useLog((state) => state.olderConversations);
  // A primitive, so that a delta of a reply does not draw the list again.
  const busy = useLog((state) => [...busyConversations(state)].sort().join(" ")).split(" ");
  const unread = useUnread();
  const groups = useMemo(() => groupByAge(newestFirst(known), new Date()), [known]);
  return (
    <div className="sidebar__list">
      {older.isLoaded && known.size === 0 && <p className="sidebar__empty">{strings.list.empty}</p>}
      {groups.map(({ name, conversations }) => (
        <section key={name} aria-label={strings.list.groups[name]}>
          <h2 className="sidebar__group">{strings.list.groups[name]}</h2>
          <ul>
            {conversations.map((conversation: Conversation) => (
              <ConversationRow
                key={conversation.conversation_id}
                conversation={conversation}
                isOpen={conversation.conversation_id === open}
                isBusy={busy.includes(conversation.conversation_id)}
                isUnread={unread.has(conversation.conversation_id)}
                onOpen={onLeave}
              />
            ))}
          </ul>
        </section>
      ))}
      {older.cursor !== null && <OlderButton />}
    </div>
  );
}

function OlderButton() {
  const chat = useChat();
  const [isReading, setReading] = useState(false);
  async function read() {
    setReading(true);
    await chat.loadOlderConversations().catch(() => undefined);
    setReading(false);
  }
  return (
    <button
      type="button"
      className="link-button sidebar__older"
      disabled={isReading}
      onClick={() => void read()}
    >
      {strings.list.older}
    </button>
  );
}
