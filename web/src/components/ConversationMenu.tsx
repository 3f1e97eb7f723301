/** What can be done with a conversation: take it along as a file; in the list, rename and delete. */

import { useState } from "react";

import { type Conversation } from "../api/schemas";
import { exportConversation, type Format } from "../chat/export";
import { strings } from "../strings";
import { useChat } from "./context";
import { download } from "./download";
import { Menu, MenuItem } from "./Menu";

interface Props {
  readonly conversation: Conversation;
  readonly className?: string;
  readonly onRename?: () => void;
  readonly onRemove?: () => void;
}

export function ConversationMenu({ conversation, className, onRename, onRemove }: Props) {
  const { progress, start } = useExport(conversation);
  const title = conversation.title || strings.list.untitled;
  const isReading = typeof progress === "number";
  const formats = [
    ["markdown", strings.exporting.markdown],
    ["json", strings.exporting.json],
  ] as const;
  return (
    <Menu
      label={strings.list.more(title)}
      note={<ExportNote progress={progress} />}
      {...(className !== undefined && { className })}
    >
      {onRename && (
        <MenuItem icon="pencil" onChoose={closing(onRename)}>
          {strings.list.renameItem}
        </MenuItem>
      )}
      {formats.map(([format, name]) => (
        <MenuItem
          key={format}
          icon="download"
          isDisabled={isReading}
          onChoose={(close) => void start(format, close)}
        >
          {name}
        </MenuItem>
      ))}
      {onRemove && (
        <MenuItem icon="trash" isDangerous onChoose={closing(onRemove)}>
          {strings.list.removeItem}
        </MenuItem>
      )}
    </Menu>
  );
}

function ExportNote({ progress }: { readonly progress: number | "failed" | null }) {
  return (
    <p className="menu__note" role="status">
      {typeof progress === "number" && strings.exporting.reading(progress)}
      {progress === "failed" && strings.exporting.failed}
    </p>
  );
}

function closing(act: () => void) {
  return (close: () => void) => {
    close();
    act();
  };
}

/** One export at a time; it goes on when the menu is closed. */
function useExport(conversation: Conversation) {
  const chat = useChat();
  const [progress, setProgress] = useState<number | "failed" | null>(null);
  async function start(format: Format, done: () => void) {
    setProgress(0);
    try {
      const wish = { conversation, format, strings, onRead: setProgress };
      // Not opened yet, it has its chosen branch in the browser only.
      chat.branches.recall(conversation.conversation_id);
      download(await exportConversation(chat.api, chat.store.state(), wish));
      setProgress(null);
      done();
    } catch {
      setProgress("failed");
    }
  }
  return { progress, start };
}
