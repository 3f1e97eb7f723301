/** The open conversation: its messages, or the empty state, and the composer below. */

import { useEffect, useMemo, useState } from "react";
import { flushSync } from "react-dom";

import { Refused } from "../api/errors";
import { keepModel, useModel } from "../chat/modelChoice";
import { isOnItsWay, type ReplyItem, visibleThread } from "../log/thread";
import { strings } from "../strings";
import { Announcer } from "./Announcer";
import { Composer } from "./Composer";
import { useChat, useLog } from "./context";
import { EmptyState } from "./EmptyState";
import { Flash, useFlash } from "./Flash";
import { offered, useModels } from "./ModelChoice";
import { Missing, Opening, Unopened } from "./OpeningStates";
import { Thread } from "./Thread";
import { useConversationShortcuts } from "./useConversationShortcuts";
import { useDraft } from "./useDraft";

type Opened = "opening" | "open" | "missing" | "failed";

export function Conversation({ conversationId }: { readonly conversationId: string | null }) {
  const chat = useChat();
  const state = useLog((whole) => whole);
  const items = useMemo(() => visibleThread(state, conversationId), [state, conversationId]);
  const [opened, retryOpening] = useOpening(conversationId);
  const [draft, setDraft] = useDraft(conversationId);
  const chosen = useModel();
  const models = useModels();
  const model = offered(chosen, models);
  const [flash, say] = useFlash();
  const isDeleted = conversationId !== null && state.deleted.has(conversationId);
  const running = items.findLast(isRunning) ?? null;
  useConversationShortcuts({
    items,
    running,
    onCopied: () => {
      say(strings.shortcuts.copied);
    },
  });

  function edit(key: string, content: string) {
    chat.outbox.discard(key);
    setDraft(draft === "" ? content : `${content}\n${draft}`);
  }

  function begin(prompt: string) {
    flushSync(() => {
      setDraft(prompt);
    });
    const field = document.querySelector<HTMLTextAreaElement>("[data-testid=composer]");
    field?.focus();
    field?.setSelectionRange(prompt.length, prompt.length);
  }

  if (opened === "missing" || isDeleted) return <Missing />;
  return (
    <>
      {items.length > 0 ? (
        <Thread conversationId={conversationId} items={items} model={model} onEdit={edit} />
      ) : conversationId === null || opened === "open" ? (
        <EmptyState onPick={begin} />
      ) : opened === "failed" ? (
        <Unopened onRetry={retryOpening} />
      ) : (
        <Opening />
      )}
      <Flash {...flash} />
      <Composer
        draft={draft}
        onDraft={setDraft}
        models={models}
        model={chosen}
        onModel={keepModel}
        running={running}
        isBlocked={items.some(isOnItsWay)}
        onSend={(content) => {
          chat.outbox.send(conversationId, content, model);
        }}
      />
      <Announcer items={items} />
    </>
  );
}

function isRunning(item: { readonly kind: string; readonly status: string }): item is ReplyItem {
  return item.kind === "reply" && (item.status === "queued" || item.status === "streaming");
}

function useOpening(conversationId: string | null): [Opened, () => void] {
  const chat = useChat();
  const [opened, setOpened] = useState<Opened>("opening");
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    chat
      .open(conversationId)
      .then(() => "open" as const)
      .catch((error: unknown) => {
        const isMissing = error instanceof Refused && (error.status === 404 || error.status === 400);
        return isMissing ? "missing" : "failed";
      })
      .then((result) => {
        if (isCurrent) setOpened(result);
      })
      .catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [chat, conversationId, tries]);
  const retry = () => {
    setOpened("opening");
    setTries(tries + 1);
  };
  return [opened, retry];
}
