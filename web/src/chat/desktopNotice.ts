/** Notices of the desktop, for who asked for them by the switch in the account menu. */

const KEY = "prosa.notices";
const BODY_MAX_CHARS = 140;

export function canNotify(): boolean {
  return "Notification" in globalThis && isSecureContext;
}

/** The browser's refusal outlasts the reader's wish: only its settings take it back. */
export function isBlocked(): boolean {
  return canNotify() && Notification.permission === "denied";
}

export function wantsNotices(): boolean {
  return canNotify() && Notification.permission === "granted" && localStorage.getItem(KEY) === "on";
}

/** Ask the browser; gives whether notices will come. */
export async function switchNotices(isOn: boolean): Promise<boolean> {
  if (!isOn || !canNotify() || (await Notification.requestPermission()) !== "granted") {
    localStorage.removeItem(KEY);
    return false;
  }
  localStorage.setItem(KEY, "on");
  return true;
}

interface Notice {
  readonly title: string;
  readonly text: string;
  /** One of a kind stands for all, also those of other tabs. */
  readonly tag: string;
  readonly onClick: () => void;
}

export function notify({ title, text, tag, onClick }: Notice): void {
  if (!wantsNotices()) return;
  try {
    const notice = new Notification(title, { body: text.slice(0, BODY_MAX_CHARS), tag, icon: "/mark.svg" });
    notice.onclick = () => {
      notice.close();
      window.focus();
      onClick();
    };
  } catch {
    // Some phones offer them to service workers only.
  }
}
