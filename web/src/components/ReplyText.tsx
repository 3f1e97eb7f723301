/**
 * A reply's text. The Markdown reader is a file of its own, fetched beside the page; until it is
 * there the text is shown as it is.
 */

import { lazy, Suspense } from "react";

import { PlainIfBroken } from "./PlainIfBroken";

const loadMarkdown = () => import("./Markdown");
const Markdown = lazy(loadMarkdown);

/** Begin to fetch what the first reply will need. */
export function preloadMarkdown(): void {
  loadMarkdown().catch(() => undefined);
}

interface Props {
  readonly text: string;
  readonly isStreaming: boolean;
}

export function ReplyText({ text, isStreaming }: Props) {
  if (text === "") return null;
  return (
    <div className="prose" data-streaming={isStreaming}>
      <PlainIfBroken text={text}>
        <Suspense fallback={<p className="prose__plain">{text}</p>}>
          <Markdown text={text} isStreaming={isStreaming} />
        </Suspense>
      </PlainIfBroken>
    </div>
  );
}
