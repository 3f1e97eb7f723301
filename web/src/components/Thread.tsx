/** The messages of a conversation, oldest first, with the view kept at the newest. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

import { type ThreadItem } from "../log/thread";
import { strings } from "../strings";
import { useChat, useLog } from "./context";
import { Icon } from "./Icon";
import { ReplyMessage } from "./ReplyMessage";
import { UserMessage } from "./UserMessage";

/** Closer to the end than this, the reader follows along. */
const FOLLOW_PX = 80;

interface Props {
  readonly conversationId: string | null;
  readonly items: readonly ThreadItem[];
  /** What to ask when a reply is asked for again. */
  readonly model: string | null;
  readonly onEdit: (key: string, content: string) => void;
}

export function Thread({ conversationId, items, model, onEdit }: Props) {
  const chat = useChat();
  const { scroller, content, isAway, toLatest } = useFollowing();
  const lastKey = items.findLast((item) => item.kind === "user")?.key;
  useEffect(toLatest, [lastKey, toLatest]);

  const askAgain = useCallback(
    (parentId: string) => {
      if (conversationId !== null) chat.outbox.askAgain(conversationId, parentId, model);
    },
    [chat, conversationId, model],
  );
  const retry = useCallback(
    (key: string) => {
      chat.outbox.retry(key);
    },
    [chat],
  );

  return (
    <section className="thread" aria-label={strings.thread.label}>
      {/* A region that scrolls must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="thread__scroller" ref={scroller} tabIndex={0}>
        <div className="thread__content" ref={content}>
          {conversationId !== null && <OlderButton conversationId={conversationId} />}
          <ol className="thread__items">
            {items.map((item, place) => (
              <li key={item.key}>
                {item.kind === "user" ? (
                  <UserMessage item={item} onRetry={retry} onEdit={onEdit} />
                ) : (
                  <ReplyMessage
                    item={item}
                    isLast={place === items.length - 1}
                    onAskAgain={askAgain}
                    onRetry={retry}
                  />
                )}
              </li>
            ))}
          </ol>
        </div>
      </div>
      {isAway && (
        <button type="button" className="thread__latest" aria-label={strings.thread.latest} onClick={toLatest}>
          <Icon name="down" />
        </button>
      )}
    </section>
  );
}

/** Keep the end in view while the content grows, unless the reader has scrolled away. */
function useFollowing() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const isFollowing = useRef(true);
  const [isAway, setAway] = useState(false);

  const toLatest = useCallback(() => {
    isFollowing.current = true;
    setAway(false);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);

  useLayoutEffect(() => {
    const box = scroller.current;
    const inner = content.current;
    if (box === null || inner === null) return;
    let lastHeight = 0;
    const grown = new ResizeObserver(() => {
      if (isFollowing.current) box.scrollTop = box.scrollHeight;
      lastHeight = box.scrollHeight;
    });
    const scrolled = () => {
      // Growth moves the end away as well; only the reader's own scrolling decides.
      if (box.scrollHeight !== lastHeight) return;
      const left = box.scrollHeight - box.scrollTop - box.clientHeight;
      isFollowing.current = left < FOLLOW_PX;
      setAway(left > box.clientHeight / 2);
    };
    grown.observe(inner);
    grown.observe(box);
    box.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      grown.disconnect();
      box.removeEventListener("scroll", scrolled);
    };
  }, []);

  return { scroller, content, isAway, toLatest };
}

function OlderButton({ conversationId }: { readonly conversationId: string }) {
  const chat = useChat();
  const cursor = useLog((state) => state.threads.get(conversationId)?.olderCursor ?? null);
  const [isReading, setReading] = useState(false);
  if (cursor === null) return null;
  async function read() {
    setReading(true);
    await chat.loadOlderMessages(conversationId).catch(() => undefined);
    setReading(false);
  }
  return (
    <button
      type="button"
      className="link-button thread__older"
      disabled={isReading}
      onClick={() => void read()}
    >
      {strings.thread.older}
    </button>
  );
}
