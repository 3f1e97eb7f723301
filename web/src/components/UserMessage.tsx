/** What the reader said, and what became of it on the way. */

import { memo } from "react";

import { type UserItem } from "../log/thread";
import { strings } from "../strings";
import { failureText } from "./failureText";
import { Icon } from "./Icon";
import { RetryButton } from "./RetryButton";
import { sameItem } from "./sameItem";

interface Props {
  readonly item: UserItem;
  readonly onRetry: (key: string) => void;
  readonly onEdit: (key: string, content: string) => void;
}

export const UserMessage = memo(function UserMessage({ item, onRetry, onEdit }: Props) {
  return (
    <article
      className="said"
      aria-label={strings.thread.you}
      data-testid="message-user"
      data-message-id={item.message_id ?? undefined}
      data-status={item.status}
    >
      <p className="said__text">{item.content}</p>
      {item.status === "sending" && <p className="said__state">{strings.thread.sending}</p>}
      {item.status === "refused" && (
        <div className="trouble" role="alert">
          <Icon name="warning" />
          <p>
            {strings.thread.notSent} {item.failure !== null && failureText(item.failure)}
          </p>
          {item.failure?.retryable === true && (
            <RetryButton
              afterS={item.failure.retry_after_s}
              onRetry={() => {
                onRetry(item.key);
              }}
            />
          )}
          <button
            type="button"
            className="link-button"
            onClick={() => {
              onEdit(item.key, item.content);
            }}
          >
            {strings.thread.edit}
          </button>
        </div>
      )}
    </article>
  );
}, sameItem);
