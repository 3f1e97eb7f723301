/** One item of a thread: what was said, or what was replied. */

import { type ThreadItem } from "../log/thread";
import { ReplyMessage } from "./ReplyMessage";
import { UserMessage } from "./UserMessage";

/** What can be done with an item; the same functions for all of them, or all are drawn again. */
export interface ItemActions {
  readonly onRetry: (key: string) => void;
  readonly onEdit: (key: string, content: string) => void;
  /** Give up what was refused. */
  readonly onDiscard: (key: string) => void;
  /** Say a message differently, beside the first. */
  readonly onResend: (messageId: string, content: string) => void;
  /** Ask the user message `parentId` for another reply, beside `insteadOf`. */
  readonly onAskAgain: (parentId: string, insteadOf: string | null) => void;
  /** Show another branch. */
  readonly onShow: (branch: string) => void;
}

interface Props {
  readonly item: ThreadItem;
  readonly isLast: boolean;
  readonly actions: ItemActions;
}

export function ThreadMessage({ item, isLast, actions }: Props) {
  return item.kind === "user" ? (
    <UserMessage item={item} actions={actions} />
  ) : (
    <ReplyMessage item={item} isLast={isLast} actions={actions} />
  );
}
