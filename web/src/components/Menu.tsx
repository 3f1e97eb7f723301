/**
 * A button and the menu it opens, on the browser's popover: above everything, closed by Escape or
 * by a press elsewhere. Arrow keys move between the items, as in every menu.
 */

import { type KeyboardEvent, type ReactNode, type ToggleEvent, useId, useRef, useState } from "react";

import { Icon } from "./Icon";

const GAP_PX = 4;
const BELOW_UNTIL = 0.7;

interface Props {
  readonly label: string;
  readonly className?: string;
  /** MenuItems; drawn while the menu is open. */
  readonly children: ReactNode;
  /** How it goes, below the items: a menu itself may hold nothing else. */
  readonly note?: ReactNode;
}

export function Menu({ label, className = "", children, note }: Props) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);

  function toggling(event: ToggleEvent) {
    const isOpening = event.newState === "open";
    // Before it is seen: one that moved would be pressed where it was.
    if (isOpening) place(panel.current, button.current);
    setOpen(isOpening);
  }

  function toggled(event: ToggleEvent) {
    if (event.newState === "open") itemsOf(panel.current)[0]?.focus();
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        className={`icon-button ${className}`}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        popoverTarget={id}
      >
        <Icon name="more" />
      </button>
      {/* The browser gives the focus back to the button. */}
      <div
        ref={panel}
        id={id}
        popover="auto"
        className="menu"
        onBeforeToggle={toggling}
        onToggle={toggled}
      >
        <div role="menu" tabIndex={-1} aria-label={label} onKeyDown={moveFocus}>
          {isOpen && children}
        </div>
        {note}
      </div>
    </>
  );
}

interface ItemProps {
  readonly icon: "download" | "pencil" | "trash";
  readonly isDisabled?: boolean;
  readonly isDangerous?: boolean;
  /** Closes the menu when it is done. */
  readonly onChoose: (close: () => void) => void;
  readonly children: ReactNode;
}

export function MenuItem({ icon, isDisabled, isDangerous, onChoose, children }: ItemProps) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className={isDangerous ? "menu__item menu__item--danger" : "menu__item"}
      aria-disabled={isDisabled}
      onClick={({ currentTarget }) => {
        if (isDisabled) return;
        const panel = currentTarget.closest<HTMLElement>("[popover]");
        onChoose(() => panel?.hidePopover());
      }}
    >
      <Icon name={icon} />
      {children}
    </button>
  );
}

function itemsOf(panel: HTMLElement | null): HTMLElement[] {
  return [...(panel?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}

function moveFocus(event: KeyboardEvent<HTMLElement>) {
  // What is pressed in a menu is not meant for what lies under it. The browser closes it on Escape.
  event.stopPropagation();
  const items = itemsOf(event.currentTarget);
  const place = items.indexOf(event.target as HTMLElement);
  const last = items.length - 1;
  const next = {
    ArrowDown: place === last ? 0 : place + 1,
    ArrowUp: place <= 0 ? last : place - 1,
    Home: 0,
    End: last,
  }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[next]?.focus();
}

/** Beside the button with the right edges in line: below it, above it in the lower part of the page. */
function place(panel: HTMLElement | null, button: HTMLElement | null) {
  if (panel === null || button === null) return;
  const { bottom, top, right } = button.getBoundingClientRect();
  const isAbove = bottom > innerHeight * BELOW_UNTIL;
  panel.style.top = isAbove ? "auto" : `${bottom + GAP_PX}px`;
  panel.style.bottom = isAbove ? `${innerHeight - top + GAP_PX}px` : "auto";
  panel.style.right = `${document.documentElement.clientWidth - right}px`;
}
