/** When the page is looked at, and when its network comes and goes. */

interface Listeners {
  readonly onLook: () => void;
  readonly onOnline: () => void;
  readonly onOffline: () => void;
}

export function isLookedAt(): boolean {
  return document.visibilityState === "visible";
}

/** Returns how to stop. */
export function followPageLife({ onLook, onOnline, onOffline }: Listeners): () => void {
  const seen = () => {
    if (isLookedAt()) onLook();
  };
  window.addEventListener("online", onOnline);
  window.addEventListener("offline", onOffline);
  document.addEventListener("visibilitychange", seen);
  return () => {
    window.removeEventListener("online", onOnline);
    window.removeEventListener("offline", onOffline);
    document.removeEventListener("visibilitychange", seen);
  };
}
