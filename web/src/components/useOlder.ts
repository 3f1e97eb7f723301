/** Reads the pages before what is here: when the reader comes near them, or asks. */

import { useCallback, useEffect, useState } from "react";

import { useChat, useLog } from "./context";

export type OlderState = "none" | "more" | "reading" | "failed";

export function useOlder(conversationId: string | null, isNear: boolean) {
  const chat = useChat();
  const cursor = useLog((state) =>
    conversationId === null ? null : (state.threads.get(conversationId)?.olderCursor ?? null),
  );
  const [reading, setReading] = useState<"" | "reading" | "failed">("");

  const read = useCallback(async () => {
    if (conversationId === null) return;
    setReading("reading");
    const result = await chat.loadOlderMessages(conversationId).then(
      () => "" as const,
      () => "failed" as const,
    );
    setReading(result);
  }, [chat, conversationId]);

  // Each page has another cursor, so this goes on until the view is filled. A failure waits for
  // the reader: the call was retried already.
  useEffect(() => {
    if (isNear && cursor !== null) queueMicrotask(() => void read());
  }, [isNear, cursor, read]);

  const state: OlderState = cursor === null ? "none" : reading === "" ? "more" : reading;
  return { state, read };
}
