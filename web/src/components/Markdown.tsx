/**
 * Markdown of a model, which is nobody's trusted text: no HTML of its own, no pictures fetched
 * from elsewhere, links to http(s) only.
 *
 * A streaming reply is read block by block. Blocks that are complete keep their element; only
 * the last is read again with each frame, so that a long reply does not slow down as it grows.
 * What was read is kept, for when the reply is scrolled away and back.
 */

import { memo, type ReactElement, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeSanitize, { defaultSchema } from "rehype-sanitize";
import remarkGfm from "remark-gfm";

import { strings } from "../strings";
import { CodeText } from "./CodeText";
import { type FencedCode, fencedCode } from "./fencedCode";
import { splitBlocks } from "./markdownBlocks";
import { ReadTexts } from "./readTexts";
import { CopyButton } from "./ReplyMessage";

const SCHEMA = {
  ...defaultSchema,
  protocols: { href: ["http", "https"], src: ["http", "https"] },
};

const COMPONENTS: Components = {
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  // Fetching it would tell its server who reads this, and when.
  img: ({ src, alt }) => (
    <SafeLink href={typeof src === "string" ? src : undefined}>{alt || strings.thread.image}</SafeLink>
  ),
  // What is done and what is not, for those who do not see the tick.
  input: ({ checked = false }) => (
    <input
      type="checkbox"
      disabled
      checked={checked}
      aria-label={checked ? strings.thread.done : strings.thread.toDo}
    />
  ),
  pre: ({ node }) => <CodeBlock language={languageOf(node)} text={textOf(node)} />,
  table: ({ children }) => (
    // A wide table scrolls by itself, and so must be reachable by the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="prose__table" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
};

/** Some hundred long replies. */
const KEPT_CHARS = 500_000;
const kept = new ReadTexts<ReactElement>(KEPT_CHARS);

interface Props {
  readonly text: string;
  readonly isStreaming?: boolean;
}

export default function Markdown({ text, isStreaming = false }: Props) {
  const blocks = splitBlocks(text);
  return blocks.map((block, place) => (
    <Block key={place} text={block} isGrowing={isStreaming && place === blocks.length - 1} />
  ));
}

interface BlockProps {
  readonly text: string;
  readonly isGrowing?: boolean;
}

const Block = memo(function Block({ text, isGrowing = false }: BlockProps) {
  const code = fencedCode(text);
  if (code !== null) return <CodeBlock {...code} />;
  return isGrowing ? read(text) : kept.of(text, read);
});

/** Read a reply before it is shown, a block at each step. */
export function* readAhead(text: string): Generator<void> {
  for (const block of splitBlocks(text)) {
    if (kept.has(block) || fencedCode(block) !== null) continue;
    kept.of(block, read);
    yield;
  }
}

/** A component without state, called for what it draws: that can be drawn in many places. */
export function read(text: string): ReactElement {
  return ReactMarkdown({
    remarkPlugins: [remarkGfm],
    rehypePlugins: [[rehypeSanitize, SCHEMA]],
    components: COMPONENTS,
    children: text,
  });
}

function SafeLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  if (href === undefined || !/^https?:\/\/[^/]/i.test(href) || !URL.canParse(href)) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}

function CodeBlock({ language, text }: FencedCode) {
  return (
    <div className="code">
      <div className="code__head">
        <span>{language}</span>
        <CopyButton text={text} label={strings.thread.copyCode} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls */}
      <pre tabIndex={0}>
        <CodeText language={language} text={text} />
      </pre>
    </div>
  );
}

interface TreeNode {
  readonly type: string;
  readonly value?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly children?: readonly TreeNode[];
}

function textOf(node: TreeNode | undefined): string {
  if (node?.type === "text") return node.value ?? "";
  return node?.children?.map(textOf).join("") ?? "";
}

/** What the fence named; the reader turns it into a class. */
function languageOf(pre: TreeNode | undefined): string {
  const classes = pre?.children?.[0]?.properties?.["className"];
  const found = Array.isArray(classes) ? classes.map(String).find((name) => name.startsWith("language-")) : null;
  return found?.slice("language-".length) ?? "";
}
