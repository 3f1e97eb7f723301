/** One line of the list: open it, give it another title, take it along, delete it. */

import { useRef, useState } from "react";

import { type Conversation } from "../api/schemas";
import { conversationPath, goTo } from "../chat/address";
import { strings } from "../strings";
import { useChat } from "./context";
import { ConversationMenu } from "./ConversationMenu";
import { ConfirmDialog } from "./Dialog";

const TITLE_MAX_CHARS = 80;

interface Props {
  readonly conversation: Conversation;
  readonly isOpen: boolean;
  readonly isBusy: boolean;
  /** A reply came that nobody has looked at. */
  readonly isUnread: boolean;
  readonly onOpen: () => void;
}

export function ConversationRow({ conversation, isOpen, isBusy, isUnread, onOpen }: Props) {
  const { conversation_id } = conversation;
  const chat = useChat();
  const [mode, setMode] = useState<"shown" | "renaming" | "removing">("shown");
  const title = conversation.title || strings.list.untitled;

  function rest() {
    setMode("shown");
  }

  async function remove() {
    rest();
    if (isOpen) goTo(null, { replace: true });
    await chat.remove(conversation_id).catch(() => undefined);
  }

  return (
    <li className="row" data-testid="conversation-item" data-conversation-id={conversation_id}>
      {mode === "renaming" ? (
        <TitleField conversation={conversation} onDone={rest} />
      ) : (
        <a
          href={conversationPath(conversation_id)}
          className="row__link"
          aria-current={isOpen ? "page" : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey) return;
            event.preventDefault();
            goTo(conversation_id, { replace: isOpen });
            onOpen();
          }}
        >
          <span className="row__title">{title}</span>
          {isBusy && <span className="row__busy" role="img" aria-label={strings.list.busy} />}
          {isUnread && !isBusy && <span className="row__unread" role="img" aria-label={strings.list.unread} />}
        </a>
      )}
      <span className="row__actions">
        <ConversationMenu
          conversation={conversation}
          className="icon-button--small"
          onRename={() => {
            setMode("renaming");
          }}
          onRemove={() => {
            setMode("removing");
          }}
        />
      </span>
      {mode === "removing" && (
        <ConfirmDialog
          heading={strings.list.removeHeading}
          note={strings.list.removeNote(title)}
          action={strings.actions.remove}
          onConfirm={() => void remove()}
          onClose={rest}
        />
      )}
    </li>
  );
}

/** Enter and leaving keep the new title, Escape the old one. */
function TitleField({ conversation, onDone }: { conversation: Conversation; onDone: () => void }) {
  const chat = useChat();
  const [title, setTitle] = useState(conversation.title);
  const isSettled = useRef(false);

  function settle(isKept: boolean) {
    // Removing the field on Enter blurs it, which would save a second time.
    if (isSettled.current) return;
    isSettled.current = true;
    onDone();
    const wanted = title.trim();
    if (!isKept || wanted === "" || wanted === conversation.title) return;
    chat.rename(conversation.conversation_id, wanted).catch(() => undefined);
  }

  return (
    <input
      className="row__field"
      aria-label={strings.list.renameField}
      maxLength={TITLE_MAX_CHARS}
      value={title}
      ref={(field) => field?.focus()}
      onChange={(event) => {
        setTitle(event.target.value);
      }}
      onBlur={() => {
        settle(true);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && !event.nativeEvent.isComposing) settle(true);
        if (event.key !== "Escape") return;
        event.stopPropagation();
        settle(false);
      }}
    />
  );
}
