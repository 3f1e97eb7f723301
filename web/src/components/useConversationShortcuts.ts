/** Keys that act on the open conversation. */

import { type ReplyItem, type ThreadItem } from "../log/thread";
import { useChat } from "./context";
import { useShortcuts } from "./useShortcuts";

interface Open {
  readonly items: readonly ThreadItem[];
  readonly running: ReplyItem | null;
  readonly onCopied: () => void;
}

export function useConversationShortcuts({ items, running, onCopied }: Open): void {
  const chat = useChat();

  function stop(): boolean {
    const at = document.activeElement;
    const isComposer = at instanceof HTMLTextAreaElement && at.dataset["testid"] === "composer";
    // Escape in another field, or in the list, is theirs.
    if (!isComposer && at?.closest("input, textarea, select, nav, details") != null) return false;
    if (running !== null && running.job_id !== null && !running.isStopping) {
      void chat.stopReply(running.job_id);
      return true;
    }
    if (!isComposer) return false;
    at.blur();
    return true;
  }

  function copy(): boolean {
    const last = items.findLast((item) => item.kind === "reply" && item.text !== "");
    // There is no clipboard where the page came without TLS.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (last?.kind !== "reply" || clipboard === undefined) return false;
    clipboard.writeText(last.text).then(onCopied, () => undefined);
    return true;
  }

  useShortcuts({ stop, copy, edit: editLast });
}

/** The editor opens by the message's own button, wherever that keeps its state. */
function editLast(): boolean {
  const buttons = document.querySelectorAll<HTMLElement>("[data-testid=message-user] [data-action=edit]");
  const last = [...buttons].at(-1);
  last?.click();
  return last !== undefined;
}
