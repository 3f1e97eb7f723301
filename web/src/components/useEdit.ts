/** What the reader makes of a message they edit, kept in this tab's storage; null when they do not. */

import { useCallback, useState } from "react";

import { readEdit, writeEdit } from "../chat/drafts";

export function useEdit(messageId: string | null): [string | null, (text: string | null) => void] {
  const [text, setText] = useState(() => (messageId === null ? null : readEdit(messageId)));
  const keep = useCallback(
    (next: string | null) => {
      setText(next);
      if (messageId !== null) writeEdit(messageId, next);
    },
    [messageId],
  );
  return [text, keep];
}
