/** The composer's text, kept in this tab's storage with every letter. */

import { useCallback, useState } from "react";

import { readDraft, writeDraft } from "../chat/drafts";

export function useDraft(conversationId: string | null): [string, (text: string) => void] {
  const [draft, setDraft] = useState(() => readDraft(conversationId));
  const keep = useCallback(
    (text: string) => {
      setDraft(text);
      writeDraft(conversationId, text);
    },
    [conversationId],
  );
  return [draft, keep];
}
