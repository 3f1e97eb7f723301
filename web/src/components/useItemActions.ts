/** What can be done with the messages of one conversation. */

import { useLayoutEffect, useMemo, useRef } from "react";

import { useChat } from "./context";
import { type ItemActions } from "./ThreadMessage";

interface Options {
  readonly conversationId: string | null;
  /** What to ask for another reply. */
  readonly model: string | null;
  readonly onEdit: ItemActions["onEdit"];
  /** The reader goes elsewhere than the end. */
  readonly onLeave: () => void;
}

export function useItemActions({ conversationId, model, onEdit, onLeave }: Options): ItemActions {
  const { outbox, store } = useChat();
  // Who shows the thread may make another at each frame; drawing every item again is not worth it.
  const edit = useRef(onEdit);
  useLayoutEffect(() => {
    edit.current = onEdit;
  });
  return useMemo(
    () => ({
      onEdit: (key, content) => {
        edit.current(key, content);
      },
      onRetry: (key) => {
        outbox.retry(key);
      },
      onDiscard: (key) => {
        outbox.discard(key);
      },
      onResend: (messageId, content) => {
        if (conversationId !== null) outbox.edit(conversationId, messageId, content, model);
      },
      onAskAgain: (parentId, insteadOf) => {
        if (conversationId !== null) outbox.askAgain(conversationId, parentId, insteadOf, model);
      },
      onShow: (id) => {
        onLeave();
        if (conversationId !== null) {
          store.dispatch({ type: "local.branch", conversation_id: conversationId, id });
        }
      },
    }),
    [outbox, store, conversationId, model, onLeave],
  );
}
