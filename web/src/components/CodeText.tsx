/**
 * The text of a code block, in colours once they are there.
 *
 * While a reply is written the block grows with every frame. It is coloured anew only now and
 * then, the more rarely the longer that takes; what has come since stands behind it uncoloured.
 * So the cost stays a small share of the time, and what is coloured stays so.
 */

import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { IDLE_MS, nextTarget, pauseMs, type Paint } from "./codePace";

/** Longer than this is data, not something to read. */
const MAX_CHARS = 60_000;

interface Painted {
  readonly text: string;
  readonly nodes: ReactNode;
}

const NOTHING: Painted = { text: "", nodes: null };

interface Props {
  readonly language: string;
  readonly text: string;
}

export function CodeText({ language, text: read }: Props) {
  // The reader ends each block with a line break, also one that is still growing.
  const text = read.endsWith("\n") ? read.slice(0, -1) : read;
  const paint = usePaint(language !== "" && text.length <= MAX_CHARS);
  const painted = usePainted(paint, language, text);
  return (
    <code className={`language-${language}`}>
      {painted.nodes}
      {text.slice(painted.text.length)}
    </code>
  );
}

function usePainted(paint: Paint | null, language: string, text: string): Painted {
  // What is whole when it is first shown is shown in colours at once.
  const [painted, setPainted] = useState<Painted>(() => ({ text, nodes: paint?.(language, text) ?? null }));
  const last = useRef({ beganAt: 0, endedAt: 0 });
  const known = usable(painted, text);
  const target = nextTarget(text, known.text);

  useEffect(() => {
    if (paint === null || target === known.text) return;
    const { beganAt, endedAt } = last.current;
    const pause = target === text && known.text !== "" ? IDLE_MS : 0;
    const timer = setTimeout(
      () => {
        last.current.beganAt = performance.now();
        setPainted({ text: target, nodes: paint(language, target) });
      },
      Math.max(pause, endedAt + pauseMs(endedAt - beganAt) - performance.now()),
    );
    return () => {
      clearTimeout(timer);
    };
  }, [known.text, paint, language, target, text]);

  useEffect(() => {
    // React's work counts as well.
    if (last.current.beganAt > 0) last.current.endedAt = performance.now();
  }, [painted]);

  return known;
}

/** Colours of another text, or of none, are of no use. */
function usable(painted: Painted, text: string): Painted {
  return painted.nodes !== null && text.startsWith(painted.text) ? painted : NOTHING;
}

let loaded: Paint | null = null;
let loading: Promise<void> | null = null;
const waiting = new Set<() => void>();

/** The highlighter, fetched when it is first wanted; null until it is there. */
function usePaint(isWanted: boolean): Paint | null {
  const paint = useSyncExternalStore(subscribe, () => loaded, () => null);
  useEffect(() => {
    if (isWanted) load();
  }, [isWanted]);
  return isWanted ? paint : null;
}

function load(): void {
  loading ??= import("./highlighter").then(
    (module) => {
      loaded = module.paint;
      for (const listener of waiting) listener();
    },
    () => {
      // The next code block tries again; without colours it reads as well.
      loading = null;
    },
  );
}

function subscribe(listener: () => void): () => void {
  waiting.add(listener);
  return () => {
    waiting.delete(listener);
  };
}
