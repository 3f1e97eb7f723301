/**
 * A conversation as a file: the branch that is shown as Markdown, or all of its tree as JSON.
 *
 * Pure, but for the reading: pages go into a copy of the state that nobody sees, so that what the
 * reader chose to be shown is what is exported.
 */

import { type ProsaApi } from "../api/prosa";
import { type Conversation, type Message } from "../api/schemas";
import { reduce } from "../log/reducer";
import { type LogState } from "../log/state";
import { type ReplyItem, type ThreadItem, visibleThread, wholeTree } from "../log/thread";
import { type Strings } from "../strings";

/** Of the JSON file. It changes when a reader of the old form would be wrong about the new. */
const SCHEMA_VERSION = 1;
const NAME_MAX_CHARS = 60;

export type Format = "markdown" | "json";

export interface ExportFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

interface Wish {
  readonly conversation: Conversation;
  readonly format: Format;
  readonly strings: Strings;
  /** Told after each page how many messages were read. */
  readonly onRead: (count: number) => void;
}

/** Read all of a conversation and make its file. Throws CallFailed. */
export async function exportConversation(
  api: Pick<ProsaApi, "messages">,
  state: LogState,
  { conversation, format, strings, onRead }: Wish,
): Promise<ExportFile> {
  const { conversation_id, title } = conversation;
  const whole = await readWhole(api, state, conversation_id, onRead);
  const now = new Date();
  if (format === "json") {
    const text = asJson(conversation, wholeTree(whole, conversation_id), now);
    return { name: fileName(title, now, "json"), type: "application/json", text };
  }
  const text = asMarkdown(conversation, visibleThread(whole, conversation_id), strings, now);
  return { name: fileName(title, now, "md"), type: "text/markdown;charset=utf-8", text };
}

async function readWhole(
  api: Pick<ProsaApi, "messages">,
  state: LogState,
  conversation_id: string,
  onRead: (count: number) => void,
): Promise<LogState> {
  let whole = state;
  let cursor: string | null = null;
  let count = 0;
  do {
    const page = await api.messages(conversation_id, cursor, "many");
    whole = reduce(whole, {
      type: "snapshot.thread",
      conversation_id,
      page,
      isNewest: cursor === null,
    });
    cursor = page.next_cursor;
    onRead((count += page.items.length));
  } while (cursor !== null);
  return whole;
}

/** All messages in the order of their ids, which is that of time; `parent_id` makes the tree. */
export function asJson(
  conversation: Conversation,
  messages: readonly Message[],
  now: Date,
): string {
  const inOrder = [...messages].sort((a, b) => (a.message_id < b.message_id ? -1 : 1));
  const file = {
    schema_version: SCHEMA_VERSION,
    exported_at: now.toISOString(),
    conversation,
    messages: inOrder,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

export function asMarkdown(
  { title }: Pick<Conversation, "title">,
  items: readonly ThreadItem[],
  strings: Strings,
  now: Date,
): string {
  const heading = `# ${inText(title || strings.list.untitled)}`;
  const date = new Intl.DateTimeFormat(strings.language, { dateStyle: "long" }).format(now);
  const said = items.filter((item) => item.kind === "reply" || item.status === "stored");
  const parts = said.map((item) => messageText(item, strings));
  return `${[heading, `*${strings.exporting.from(date)}*`, ...parts].join("\n\n")}\n`;
}

function messageText(item: ThreadItem, strings: Strings): string {
  const time =
    item.created_at === null
      ? ""
      : new Intl.DateTimeFormat(strings.language, { dateStyle: "medium", timeStyle: "short" }).format(
          new Date(item.created_at),
        );
  if (item.kind === "user") {
    const head = [`**${strings.exporting.you}**`, time].filter(Boolean).join(" · ");
    return ["---", head, closeFence(item.content)].join("\n\n");
  }
  const who = `**${strings.appName}**${item.model === null ? "" : ` (${inText(item.model)})`}`;
  const head = [who, time].filter(Boolean).join(" · ");
  const ending = endingOf(item, strings);
  return ["---", head, closeFence(item.text), ending && `*${ending}*`].filter(Boolean).join("\n\n");
}

function endingOf(reply: ReplyItem, { exporting, failures }: Strings): string {
  if (reply.status === "failed") {
    return exporting.noReply(inText(reply.failure?.detail ?? failures.unexpected));
  }
  if (reply.status === "cancelled") return exporting.cancelled;
  if (reply.status !== "done") return exporting.unfinished;
  return reply.finish_reason === "length" ? exporting.cutShort : "";
}

/** Text of ours between Markdown's marks: nothing in it is one. */
function inText(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#]/g, "\\$&");
}

/**
 * End a code block that the text leaves open, as a reply that was stopped does: the rest of the
 * file would be code. Fences as CommonMark has them: three or more of a kind, closed by as many.
 */
export function closeFence(text: string): string {
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    const [, marks = "", info = ""] = fence ?? [];
    if (marks === "") continue;
    if (open === null) {
      if (!(marks.startsWith("`") && info.includes("`"))) open = marks;
    } else if (marks.startsWith(open) && info.trim() === "") {
      open = null;
    }
  }
  return open === null ? text.trimEnd() : `${text.trimEnd()}\n${open}`;
}

/** `como-plantar-tomate-2026-11-20.md`: what it is and when, safe on every system. */
export function fileName(title: string, date: Date, extension: string): string {
  const words = title
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
  let name = "";
  for (const word of words) {
    const longer = name === "" ? word : `${name}-${word}`;
    if (Array.from(longer).length > NAME_MAX_CHARS) break;
    name = longer;
  }
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  return `${name || "prosa"}-${day}.${extension}`;
}
