/**
 * Whether the list is in sight. Beside the conversation it stays as the reader left it; on a
 * phone it is a drawer, closed to begin with.
 */

import { useState } from "react";

const KEY = "prosa.sidebar";
/** As in `layout.css`. */
const NARROW = "(max-width: 48rem)";

export interface SidebarState {
  readonly isDrawerOpen: boolean;
  readonly isCollapsed: boolean;
  readonly show: () => void;
  readonly hide: () => void;
  readonly toggle: () => void;
  /** After something was chosen in it: the drawer has done its work, the list beside stays. */
  readonly leave: () => void;
}

export function useSidebar(): SidebarState {
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const [isCollapsed, setCollapsed] = useState(() => localStorage.getItem(KEY) === "hidden");

  function set(isShown: boolean) {
    if (matchMedia(NARROW).matches) {
      setDrawerOpen(isShown);
      return;
    }
    setCollapsed(!isShown);
    if (isShown) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, "hidden");
  }

  return {
    isDrawerOpen,
    isCollapsed,
    show: () => {
      set(true);
    },
    hide: () => {
      set(false);
    },
    toggle: () => {
      set(matchMedia(NARROW).matches ? !isDrawerOpen : isCollapsed);
    },
    leave: () => {
      setDrawerOpen(false);
    },
  };
}
