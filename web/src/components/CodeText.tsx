/**
 * The text of a code block, in colours once they are there.
 *
 * While a reply is written the block grows with every frame. It is coloured anew only now and
 * then, the more rarely the longer that takes; what has come since stands behind it uncoloured.
 * So the cost stays a small share of the time, and what is coloured stays so.
 */

import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { pauseMs, type Paint } from "./codePace";

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

export function CodeText({ language, text }: Props) {
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
  const work = (): Painted => ({ text, nodes: paint?.(language, text) ?? null });
  // What is whole when it is first shown is shown in colours at once.
  const [painted, setPainted] = useState(() => usable(work(), text));
  const last = useRef({ endedAt: 0, tookMs: 0 });
  const isDone = paint === null || (painted.text === text && painted.nodes !== null);

  useEffect(() => {
    if (isDone) return;
    const { endedAt, tookMs } = last.current;
    const timer = setTimeout(
      () => {
        const startedAt = performance.now();
        setPainted({ text, nodes: paint(language, text) });
        last.current = { endedAt: performance.now(), tookMs: performance.now() - startedAt };
      },
      Math.max(0, endedAt + pauseMs(tookMs) - performance.now()),
    );
    return () => {
      clearTimeout(timer);
    };
  }, [isDone, paint, language, text]);

  return usable(painted, text);
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
