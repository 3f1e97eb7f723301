/** The items of a thread that are drawn now; the list is as high as all of them. */

import { type ReactVirtualizer } from "@tanstack/react-virtual";
import { type FocusEvent } from "react";

import { type ThreadItem } from "../log/thread";
import { type ItemActions, ThreadMessage } from "./ThreadMessage";

interface Props {
  readonly items: readonly ThreadItem[];
  readonly virtualizer: ReactVirtualizer<HTMLElement, HTMLLIElement>;
  /** Told of the list's element, which it makes as high as all items. */
  readonly sizer: (list: HTMLElement | null) => void;
  readonly actions: ItemActions;
  /** The item the address leads to. */
  readonly marked: string | null;
  /** There are older ones than the first. */
  readonly hasOlder: boolean;
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
}

export function ThreadList(props: Props) {
  const { items, virtualizer, sizer, actions, marked, hasOlder, ...list } = props;
  return (
    <ol className="thread__items" ref={sizer} {...list}>
      {virtualizer.getVirtualItems().map(({ index, key }) => {
        const item = items[index];
        if (item === undefined) return null;
        return (
          <li
            key={key}
            ref={virtualizer.measureElement}
            className="thread__item"
            data-index={index}
            data-key={key}
            data-marked={marked === key}
            tabIndex={marked === key ? -1 : undefined}
            // Not all are in the document, so a screen reader cannot count them itself.
            aria-posinset={index + 1}
            aria-setsize={hasOlder ? -1 : items.length}
          >
            <ThreadMessage item={item} isLast={index === items.length - 1} actions={actions} />
          </li>
        );
      })}
    </ol>
  );
}
