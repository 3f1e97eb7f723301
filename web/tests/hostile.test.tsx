/**
 * Hostile Markdown, whole, at every cut of a stream, and shuffled: what comes out is a short list
 * of harmless elements, and reading block by block gives the same ones as reading the whole.
 *
 * The samples are data (`hostile/samples.json`), so that a browser can be fed the same.
 */

import fc from "fast-check";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it, vi } from "vitest";

import Markdown, { read } from "../src/components/Markdown";
import { splitBlocks } from "../src/components/markdownBlocks";
import samples from "./hostile/samples.json" with { type: "json" };

// Many small readings, on a machine that may have other things to do.
vi.setConfig({ testTimeout: 60_000 });

const inBlocks = (text: string) => renderToStaticMarkup(<Markdown text={text} />);
const whole = (text: string) => renderToStaticMarkup(read(text));
/** Between blocks the whole has a line break, which nobody sees. */
const tidy = (markup: string) => markup.replace(/\n+/g, "\n").replace(/>\n</g, "><").trim();

/** All that a reply is ever made of, and what each may carry. React makes the rest of it text. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  a: ["href", "target", "rel"],
  button: ["type", "class", "aria-label", "title"],
  code: ["class"],
  div: ["class", "tabindex"],
  h2: ["class", "id"],
  input: ["type", "disabled", "checked", "aria-label"],
  li: ["class", "id"],
  ol: ["start", "class"],
  path: ["d"],
  pre: ["tabindex"],
  section: ["class", "data-footnotes"],
  span: ["class"],
  svg: ["class", "viewBox", "aria-hidden", "focusable"],
  td: ["style"],
  th: ["style"],
  ul: ["class"],
};
const BARE = "blockquote br del em h1 h2 h3 h4 h5 h6 hr p strong sup table tbody thead tr".split(" ");

function harmOf(markup: string): string[] {
  const found: string[] = [];
  for (const [tag, name = "", attributes = ""] of markup.matchAll(/<([a-z0-9]+)((?:"[^"]*"|[^>"])*)>/gi)) {
    const allowed = ALLOWED[name] ?? (BARE.includes(name) ? [] : null);
    if (allowed === null) found.push(tag);
    for (const [, attribute = "", value = ""] of attributes.matchAll(/([^\s="/]+)(?:="([^"]*)")?/g)) {
      if (allowed?.includes(attribute) !== true) found.push(`${attribute} of ${tag}`);
      if (attribute === "href" && !/^https?:\/\/[^/]/i.test(value)) found.push(tag);
      if (attribute === "style" && !/^text-align:(left|right|center)$/.test(value)) found.push(tag);
      if (attribute === "id" && !value.startsWith("user-content-")) found.push(tag);
    }
  }
  return found;
}

describe("the check itself", () => {
  it.each(["<script>", "<img src=x>", '<a href="javascript:x">', '<p onclick="x">', '<td style="top:0">', "<svg onload>"])(
    "finds %s",
    (markup) => {
      expect(harmOf(`<p>ok</p>${markup}`)).not.toEqual([]);
    },
  );
});

describe.each(samples)("$name", ({ markdown }) => {
  it("is harmless at every cut, and the same in blocks as in one", () => {
    const step = Math.max(1, Math.floor(markdown.length / 80));
    for (let end = markdown.length; end > 0; end -= step) {
      const text = markdown.slice(0, end);
      const markup = inBlocks(text);
      expect(harmOf(markup)).toEqual([]);
      expect(tidy(markup)).toBe(tidy(whole(text)));
    }
  });
});

describe("samples put together", () => {
  const lines = fc.constantFrom(...samples.flatMap(({ markdown }) => markdown.slice(0, 400).split("\n")), "", "", "");
  const pieces = fc.oneof(lines, fc.constantFrom(...samples.map(({ markdown }) => markdown.slice(0, 400))));

  it("are harmless, and the same in blocks as in one", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.nat(), fc.constantFrom("\n", "\n\n"), (parts, cut, glue) => {
        const all = parts.join(glue);
        const text = all.slice(0, all.length - (cut % (all.length + 1)) * (cut % 2));
        const markup = inBlocks(text);
        expect(harmOf(markup)).toEqual([]);
        expect(tidy(markup)).toBe(tidy(whole(text)));
        expect(splitBlocks(text).join("\n")).toBe(text);
      }),
      { numRuns: Number(process.env["HOSTILE_RUNS"] ?? 200) },
    );
  });
});

describe("fences", () => {
  const marks = fc.constantFrom("```", "````", "~~~", "``", "~~~~~");
  const line = fc.oneof(
    marks,
    fc.constantFrom("", "", " ", "a", "  b", "\tc", "<b>", "&amp;", "\\`", "[x]: y", "- d", "    ```", " ```", "   ~~~ ", "# e", "``` ```"),
    fc.tuple(marks, fc.constantFrom("js", "c++", "C#", "a b", "&amp;", "\\*", "x`y", "__proto__", " py ", "{.x}", "objective-c")).map((both) => both.join("")),
  );

  it("read by hand read as the reader reads them, also while they grow", () => {
    fc.assert(
      fc.property(marks, fc.array(line, { maxLength: 8 }), fc.nat(3), (first, lines, cut) => {
        const all = [first, ...lines].join("\n");
        const text = all.slice(0, all.length - cut);
        expect(tidy(inBlocks(text))).toBe(tidy(whole(text)));
      }),
      { numRuns: Number(process.env["HOSTILE_RUNS"] ?? 400) },
    );
  });
});
