/** The items of a thread that are drawn now; the list is as high as all of them. */

import { type ReactVirtualizer } from "@tanstack/react-virtual";
import { type FocusEvent, type ReactNode, useCallback, useEffect, useRef } from "react";

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
          <Item
            key={key}
            itemKey={item.key}
            index={index}
            count={hasOlder ? null : items.length}
            isMarked={marked === key}
            measure={virtualizer.measureElement}
          >
            <ThreadMessage item={item} isLast={index === items.length - 1} actions={actions} />
          </Item>
        );
      })}
    </ol>
  );
}

interface ItemProps {
  readonly itemKey: string;
  readonly index: number;
  /** Of all items; null where it is not known. */
  readonly count: number | null;
  readonly isMarked: boolean;
  readonly measure: (item: HTMLLIElement | null) => void;
  readonly children: ReactNode;
}

function Item({ itemKey, index, count, isMarked, measure, children }: ItemProps) {
  const element = useRef<HTMLLIElement>(null);
  const setElement = useCallback(
    (item: HTMLLIElement | null) => {
      element.current = item;
      measure(item);
    },
    [measure],
  );
  // Whoever was led here reads on from here, also with a screen reader.
  useEffect(() => {
    if (isMarked) element.current?.focus({ preventScroll: true });
  }, [isMarked]);
  return (
    <li
      ref={setElement}
      className="thread__item"
      data-index={index}
      data-key={itemKey}
      data-marked={isMarked}
      tabIndex={isMarked ? -1 : undefined}
      // Not all are in the document, so a screen reader cannot count them itself.
      aria-posinset={index + 1}
      aria-setsize={count ?? -1}
    >
      {children}
    </li>
  );
}
