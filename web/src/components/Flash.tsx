/** A word that something was done, gone after a moment. */

import { useEffect, useState } from "react";

const SHOWN_MS = 1_800;

/** The word that shows now, and how to say one. */
export function useFlash(): [string, (word: string) => void] {
  const [flash, setFlash] = useState({ word: "", count: 0 });
  useEffect(() => {
    if (flash.word === "") return;
    const timer = setTimeout(() => {
      setFlash({ word: "", count: flash.count });
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [flash]);
  const say = (word: string) => {
    setFlash({ word, count: flash.count + 1 });
  };
  return [flash.word, say];
}

export function Flash({ word }: { readonly word: string }) {
  return (
    <p className="flash" role="status" data-shown={word !== ""}>
      {word}
    </p>
  );
}
