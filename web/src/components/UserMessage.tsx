/** What the reader said, what became of it on the way, and the way to say it differently. */

import { memo, useState } from "react";

import { writeEdit } from "../chat/drafts";
import { type UserItem } from "../log/thread";
import { strings } from "../strings";
import { BranchSwitch } from "./BranchSwitch";
import { EditMessage } from "./EditMessage";
import { DiscardButton } from "./DiscardButton";
import { failureText } from "./failureText";
import { actThenFocus, COMPOSER, isFieldFocusWelcome } from "./focusOn";
import { Icon } from "./Icon";
import { RetryButton } from "./RetryButton";
import { sameItem } from "./sameItem";
import { type ItemActions } from "./ThreadMessage";
import { useEdit } from "./useEdit";

interface Props {
  readonly item: UserItem;
  readonly actions: ItemActions;
}

export const UserMessage = memo(function UserMessage({ item, actions }: Props) {
  const [edited, setEdited] = useEdit(item.message_id);
  const [isFresh, setFresh] = useState(false);
  const { message_id } = item;
  const button = `[data-message-id="${CSS.escape(message_id ?? "")}"] [data-action=edit]`;

  function close() {
    actThenFocus(() => {
      setEdited(null);
    }, button);
  }

  function resend(text: string) {
    if (message_id === null) return;
    const act = () => {
      setEdited(null);
      actions.onResend(message_id, text);
    };
    actThenFocus(act, isFieldFocusWelcome() ? COMPOSER : button);
  }

  return (
    <article
      className="said"
      aria-label={strings.thread.you}
      data-testid="message-user"
      data-message-id={message_id ?? undefined}
      data-status={item.status}
    >
      {edited !== null && message_id !== null ? (
        <EditMessage
          text={edited}
          isFresh={isFresh}
          onText={setEdited}
          onCancel={close}
          onSend={(text) => {
            // Unchanged is no other version; for another reply there is another button.
            if (text === item.content.trim()) close();
            else resend(text);
          }}
        />
      ) : (
        <Bubble
          item={item}
          onEdit={() => {
            setFresh(true);
            setEdited(item.content);
          }}
        />
      )}
      {item.branch !== null && <BranchSwitch branch={item.branch} onShow={actions.onShow} />}
      {item.status === "sending" && <p className="said__state">{strings.thread.sending}</p>}
      {item.status === "refused" && <Refusal item={item} actions={actions} />}
    </article>
  );
}, sameItem);

function Bubble({ item, onEdit }: { readonly item: UserItem; readonly onEdit: () => void }) {
  return (
    <div className="said__line">
      {item.status === "stored" && (
        <button
          type="button"
          className="icon-button icon-button--small said__edit"
          data-action="edit"
          aria-label={strings.thread.editMessage}
          title={strings.thread.editMessage}
          onClick={onEdit}
        >
          <Icon name="pencil" />
        </button>
      )}
      <p className="said__text">{item.content}</p>
    </div>
  );
}

function Refusal({ item, actions }: Props) {
  const { failure, key, content, instead_of } = item;

  function edit() {
    // A message that stands at the end goes back to the composer, an edit to its editor.
    if (instead_of === null) {
      actions.onEdit(key, content);
      return;
    }
    writeEdit(instead_of, content);
    actThenFocus(
      () => {
        actions.onDiscard(key);
      },
      `[data-message-id="${CSS.escape(instead_of)}"] textarea`,
    );
  }

  return (
    <div className="trouble" role="alert">
      <Icon name="warning" />
      <p>
        {strings.thread.notSent} {failure !== null && failureText(failure)}
      </p>
      {failure?.retryable === true && (
        <RetryButton
          afterS={failure.retry_after_s}
          onRetry={() => {
            actions.onRetry(key);
          }}
        />
      )}
      <button type="button" className="link-button" onClick={edit}>
        {strings.thread.edit}
      </button>
      <DiscardButton
        onDiscard={() => {
          actions.onDiscard(key);
        }}
      />
    </div>
  );
}
