/** What an exported conversation looks like, as people read it and as programs do. */

import { describe, expect, it, vi } from "vitest";

import { type Message, type MessagePage } from "../src/api/schemas";
import { asJson, asMarkdown, closeFence, exportConversation, fileName } from "../src/chat/export";
import { visibleThread } from "../src/log/thread";
import { INITIAL_STATE } from "../src/log/state";
import { en } from "../src/strings/en";
import { pt } from "../src/strings/pt";
import { aConversation, aMessage, anAnswer, CONVERSATION, delta, play, snapshot, started } from "./log.builders";

const NOW = new Date("2026-11-20T19:16:00.000Z");

function markdownOf(messages: Message[], title = "Why", strings: typeof en | typeof pt = en): string {
  const state = play([snapshot({ items: messages })]);
  return asMarkdown({ title }, visibleThread(state, CONVERSATION), strings, NOW);
}

describe("Markdown", () => {
  it("reads as the talk, with who said what and when", () => {
    const text = markdownOf([aMessage(), anAnswer({ model: "local:prosa-tiny", content: "Because **so**." })]);
    const when = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(
      new Date("2026-01-01T10:00:00.000Z"),
    );
    expect(text).toBe(
      [
        "# Why",
        "*Exported from Prosa on November 20, 2026*",
        "---",
        `**You** · ${when}`,
        "Why?",
        "---",
        `**Prosa** (local:prosa-tiny) · ${when}`,
        "Because **so**.\n",
      ].join("\n\n"),
    );
  });

  it("says it in the reader's language", () => {
    const text = markdownOf([aMessage(), anAnswer({ finish_reason: "cancelled", content: "Porque" })], "", pt);
    expect(text).toContain("# Sem título\n\n*Exportado da Prosa em 20 de novembro de 2026*");
    expect(text).toContain("**Você** · ");
    expect(text).toContain("Porque\n\n*Esta resposta foi interrompida.*");
  });

  it("says how a reply ended that is not whole", () => {
    const failure = { code: "x", detail: "All *models* are busy.", retryable: true, retry_after_s: null };
    const failed = anAnswer({ content: "", finish_reason: "failed", failure });
    expect(markdownOf([aMessage(), failed])).toContain("*No reply: All \\*models\\* are busy.*");
    const cut = anAnswer({ finish_reason: "length" });
    expect(markdownOf([aMessage(), cut])).toContain("Because.\n\n*This reply reached its length limit.*");
    const state = play([snapshot({ items: [aMessage()] }), started(), delta(0, "Be")]);
    const text = asMarkdown({ title: "" }, visibleThread(state, CONVERSATION), en, NOW);
    expect(text).toContain("Be\n\n*This reply was still being written.*");
  });

  it("lets no title be more than a title", () => {
    expect(markdownOf([], "a *b*\n# <c> [d](e)")).toMatch(/^# a \\\*b\\\* \\# \\<c\\> \\\[d\\\]\(e\)\n/);
  });

  it("keeps code that was not finished from taking in what follows", () => {
    const text = markdownOf([
      aMessage(),
      anAnswer({ content: "```js\nlet a" }),
      aMessage({ message_id: "msg_03", parent_id: "msg_02", content: "And?" }),
    ]);
    expect(text).toContain("```js\nlet a\n```\n\n---\n\n**You**");
  });
});

describe("a fence", () => {
  it.each([
    ["no code", "no code"],
    ["```\na\n```", "```\na\n```"],
    ["```\na", "```\na\n```"],
    ["~~~~ py\na\n~~~", "~~~~ py\na\n~~~\n~~~~"],
    ["````\n```\na\n```", "````\n```\na\n```\n````"],
    ["```\na\n``` b", "```\na\n``` b\n```"],
    ["```\n~~~\n```\n~~~", "```\n~~~\n```\n~~~\n~~~"],
    ["``` a `b`", "``` a `b`"],
    ["    ```\na", "    ```\na"],
  ])("of %j is closed", (text, closed) => {
    expect(closeFence(text)).toBe(closed);
  });
});

describe("JSON", () => {
  it("holds the whole tree in its order, under a version", () => {
    const sibling = anAnswer({ message_id: "msg_03", content: "Or else." });
    const text = asJson(aConversation(), [sibling, anAnswer(), aMessage()], NOW);
    expect(JSON.parse(text)).toEqual({
      schema_version: 1,
      exported_at: "2026-11-20T19:16:00.000Z",
      conversation: aConversation(),
      messages: [aMessage(), anAnswer(), sibling],
    });
  });
});

describe("a file's name", () => {
  const day = new Date(2026, 10, 5);
  it.each([
    ["Queria saber como plantar tomate…", "queria-saber-como-plantar-tomate-2026-11-05.md"],
    ["Ação & Reação: C++/C#", "acao-reacao-c-c-2026-11-05.md"],
    ["../../etc/passwd", "etc-passwd-2026-11-05.md"],
    ["CON", "con-2026-11-05.md"],
    ["🦜 …", "prosa-2026-11-05.md"],
    ["", "prosa-2026-11-05.md"],
    ["日本の鳥", "日本の鳥-2026-11-05.md"],
    ["word ".repeat(20), `${"word-".repeat(11)}word-2026-11-05.md`],
    ["x".repeat(80), "prosa-2026-11-05.md"],
  ])("for %j", (title, name) => {
    expect(fileName(title, day, "md")).toBe(name);
  });
});

describe("exporting", () => {
  function pagesOf(...messages: Message[]) {
    const pages = new Map<string | null, MessagePage>();
    messages.reverse().forEach((message, at) => {
      const next_cursor = at === messages.length - 1 ? null : `c${at}`;
      pages.set(at === 0 ? null : `c${at - 1}`, { items: [message], next_cursor, log_cursor: null, running: [] });
    });
    return vi.fn((_id: string, cursor: string | null) => {
      const page = pages.get(cursor);
      return page === undefined ? Promise.reject(new Error("no page")) : Promise.resolve(page);
    });
  }

  const question = aMessage();
  const [first, second] = [anAnswer(), anAnswer({ message_id: "msg_03", content: "Or else.", job_id: "job_2" })];
  const wish = { conversation: aConversation(), strings: en, onRead: () => undefined };

  it("reads all pages, and shows the branch that is shown", async () => {
    const messages = pagesOf(question, first, second);
    const counts: number[] = [];
    const file = await exportConversation({ messages }, INITIAL_STATE, {
      ...wish,
      format: "markdown",
      onRead: (count) => counts.push(count),
    });
    expect(counts).toEqual([1, 2, 3]);
    expect(file.name).toMatch(/^why-\d{4}-\d\d-\d\d\.md$/);
    expect(file.text).toContain("Why?");
    expect(file.text).toContain("Or else.");
    expect(file.text).not.toContain("Because.");
    const chosen = play([{ type: "local.branch", conversation_id: CONVERSATION, id: first.message_id }], play([
      snapshot({ items: [question, first, second] }),
    ]));
    const other = await exportConversation({ messages }, chosen, { ...wish, format: "markdown" });
    expect(other.text).toContain("Because.");
    expect(other.text).not.toContain("Or else.");
  });

  it("puts every branch into the JSON, and leaves the page's state as it is", async () => {
    const state = play([snapshot({ items: [second], next_cursor: "c" })]);
    const before = structuredClone(state);
    const file = await exportConversation({ messages: pagesOf(question, first, second) }, state, {
      ...wish,
      format: "json",
    });
    const { messages } = JSON.parse(file.text) as { messages: Message[] };
    expect(messages.map((message) => message.message_id)).toEqual(["msg_01", "msg_02", "msg_03"]);
    expect(state).toEqual(before);
  });

  it("makes no file of a part", async () => {
    const messages = vi
      .fn<() => Promise<MessagePage>>()
      .mockResolvedValueOnce({ items: [second], next_cursor: "c", log_cursor: null, running: [] })
      .mockRejectedValue(new Error("offline"));
    await expect(
      exportConversation({ messages }, INITIAL_STATE, { ...wish, format: "json" }),
    ).rejects.toThrow("offline");
  });
});
