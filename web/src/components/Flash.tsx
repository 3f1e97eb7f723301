/** A word that something was done, gone after a moment. */

import { useEffect, useState } from "react";

const SHOWN_MS = 1_800;

export interface FlashState {
  readonly word: string;
  readonly isShown: boolean;
}

/** The word that shows now, and how to say one. */
export function useFlash(): [FlashState, (word: string) => void] {
  const [flash, setFlash] = useState<FlashState>({ word: "", isShown: false });
  useEffect(() => {
    if (!flash.isShown) return;
    const timer = setTimeout(() => {
      // The word stays while it fades.
      setFlash({ word: flash.word, isShown: false });
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [flash]);
  const say = (word: string) => {
    setFlash({ word, isShown: true });
  };
  return [flash, say];
}

export function Flash({ word, isShown }: FlashState) {
  return (
    <p className="flash" role="status" data-shown={isShown}>
      <span>{word}</span>
    </p>
  );
}
