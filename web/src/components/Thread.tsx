/** The messages of a conversation, oldest first, with the view kept at the newest. */

import { useCallback, useEffect } from "react";

import { isOnItsWay, type ThreadItem } from "../log/thread";
import { strings } from "../strings";
import { Icon } from "./Icon";
import { ThreadList } from "./ThreadList";
import { LeadingNotice, OlderNotice } from "./ThreadNotice";
import { useFollowing } from "./useFollowing";
import { useItemActions } from "./useItemActions";
import { useKeptItems } from "./useKeptItems";
import { useLinkedItem } from "./useLinkedItem";
import { useOlder } from "./useOlder";
import { useVirtualThread } from "./useVirtualThread";

interface Props {
  readonly conversationId: string | null;
  readonly items: readonly ThreadItem[];
  /** What to ask when a reply is asked for again. */
  readonly model: string | null;
  readonly onEdit: (key: string, content: string) => void;
}

export function Thread({ conversationId, items, model, onEdit }: Props) {
  const { scroller, content, isAway, toLatest, leave } = useFollowing();
  const { spans, ...focus } = useKeptItems(content);
  const { isNearStart, show, ...virtual } = useVirtualThread(items, scroller, spans);
  const older = useOlder(conversationId, isNearStart);
  const lead = useCallback(
    (key: string) => {
      leave();
      show(key);
    },
    [leave, show],
  );
  const linked = useLinkedItem({ conversationId, items, show: lead });
  const actions = useItemActions({ conversationId, model, onEdit, onLeave: leave });
  // What is sent from here is wanted in view; what another branch ends with is not.
  const sent = items.findLast(isOnItsWay)?.key;
  useEffect(() => {
    if (sent !== undefined) toLatest();
  }, [sent, toLatest]);

  return (
    <section className="thread" aria-label={strings.thread.label}>
      {linked.leading === "idle" ? <OlderNotice {...older} /> : <LeadingNotice {...linked} />}
      {/* A region that scrolls must be reachable by the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="thread__scroller" ref={scroller} tabIndex={0}>
        <div className="thread__content" ref={content}>
          <ThreadList
            items={items}
            {...virtual}
            actions={actions}
            marked={linked.marked}
            hasOlder={older.state !== "none"}
            {...focus}
          />
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
