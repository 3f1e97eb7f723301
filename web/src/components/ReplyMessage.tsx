/** What Prosa said, or is saying: the text, its state, and what can be done with it. */

import { memo, useEffect, useState } from "react";

import { type ReplyItem } from "../log/thread";
import { strings } from "../strings";
import { BranchSwitch } from "./BranchSwitch";
import { DiscardButton } from "./DiscardButton";
import { failureText } from "./failureText";
import { Icon } from "./Icon";
import { modelName } from "./modelName";
import { ReplyText } from "./ReplyText";
import { RetryButton } from "./RetryButton";
import { sameItem } from "./sameItem";
import { type ItemActions } from "./ThreadMessage";
import { Waiting } from "./Tiles";

const COPIED_MS = 1_500;

interface Props {
  readonly item: ReplyItem;
  readonly isLast: boolean;
  readonly actions: ItemActions;
}

export const ReplyMessage = memo(function ReplyMessage(props: Props) {
  const { item, isLast } = props;
  const isRunning = item.status === "queued" || item.status === "streaming";
  return (
    <article
      className="reply"
      aria-label={strings.thread.prosa}
      aria-busy={isRunning}
      data-testid="message-assistant"
      data-message-id={item.message_id ?? undefined}
      data-status={item.status}
      data-last={isLast}
    >
      {item.status === "queued" && (
        <p className="reply__queued">
          <Waiting />
          <span className="visually-hidden">{strings.thread.queued}</span>
        </p>
      )}
      <ReplyText text={item.text} isStreaming={item.status === "streaming"} />
      {item.hasGap && <p className="reply__note">{strings.thread.catchingUp}</p>}
      {item.status === "cancelled" && <p className="reply__note">{strings.thread.cancelled}</p>}
      {item.finish_reason === "length" && <p className="reply__note">{strings.thread.cutShort}</p>}
      {item.status === "failed" && <Trouble {...props} />}
      {(isWhole(item) || item.branch !== null) && <Actions {...props} />}
    </article>
  );
}, sameItem);

function isWhole({ status }: ReplyItem): boolean {
  return status === "done" || status === "cancelled";
}

function Trouble({ item, actions }: Props) {
  const { failure, parent_id, message_id, job_id, key } = item;
  return (
    <div className="trouble" role="alert">
      <Icon name="warning" />
      <p>
        {strings.thread.noReply} {failure !== null && failureText(failure)}
      </p>
      {failure?.retryable !== false && parent_id !== null && (
        <RetryButton
          afterS={failure?.retry_after_s ?? null}
          onRetry={() => {
            if (job_id === null) actions.onRetry(key);
            else actions.onAskAgain(parent_id, message_id);
          }}
        />
      )}
      {job_id === null && (
        <DiscardButton
          onDiscard={() => {
            actions.onDiscard(key);
          }}
        />
      )}
    </div>
  );
}

function Actions({ item, actions }: Props) {
  const { parent_id, message_id, branch } = item;
  return (
    <footer className="reply__actions">
      {branch !== null && <BranchSwitch branch={branch} onShow={actions.onShow} />}
      {isWhole(item) && item.text !== "" && <CopyButton text={item.text} />}
      {isWhole(item) && parent_id !== null && (
        <button
          type="button"
          className="icon-button icon-button--small"
          aria-label={strings.thread.again}
          title={strings.thread.again}
          data-testid="again"
          onClick={() => {
            actions.onAskAgain(parent_id, message_id);
          }}
        >
          <Icon name="again" />
        </button>
      )}
      {isWhole(item) && item.model !== null && <span className="reply__model">{modelName(item.model)}</span>}
    </footer>
  );
}

export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => {
      setCopied(false);
    }, COPIED_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isCopied]);
  const name = isCopied ? strings.thread.copied : (label ?? strings.thread.copy);
  return (
    <button
      type="button"
      className="icon-button icon-button--small"
      aria-label={name}
      title={name}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => {
            setCopied(true);
          },
          () => undefined,
        );
      }}
    >
      <Icon name={isCopied ? "check" : "copy"} />
    </button>
  );
}
