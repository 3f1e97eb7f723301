/** A model's text is nobody's trusted text; and reading it in blocks reads it the same. */

import { renderToStaticMarkup } from "react-dom/server";
import ReactMarkdown from "react-markdown";
import remarkGfm from "remark-gfm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import Markdown from "../src/components/Markdown";
import { splitBlocks } from "../src/components/markdownBlocks";

const html = (text: string) => renderToStaticMarkup(<Markdown text={text} />);

describe("what a reply may not do", () => {
  it.each([
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](data:text/html;base64,AAAA)",
    "[x](vbscript:x)",
    '<iframe src="https://evil.example"></iframe>',
    "![x](https://evil.example/p.png)",
    '<p style="position:fixed">x</p>',
  ])("run or fetch anything: %s", (text) => {
    expect(html(text)).not.toMatch(/<(script|img|iframe|style)|javascript:|vbscript:|data:|onerror|style=/i);
  });

  it("link anywhere but to http(s), without telling where from", () => {
    expect(html("[a](https://example.org)")).toContain(
      '<a href="https://example.org" target="_blank" rel="noopener noreferrer">a</a>',
    );
    expect(html("[a](mailto:x@example.org) [b](/c/cnv_1) [c](//evil.example)")).not.toContain("<a");
  });

  it("shows a picture as a link to it", () => {
    expect(html("![a cat](https://example.org/c.png)")).toContain(">a cat</a>");
  });
});

// Without indented code: behind it the reader takes an item that is still empty for a paragraph.
const PARTS = [
  "A paragraph\nof two lines.",
  "# Heading",
  "- one\n- two",
  "- loose",
  "  indented under it",
  "1. first",
  "2. second\n\n   its paragraph",
  "```js\nconst a = 1;\n\n\nconst b = 2;\n```",
  "~~~\n```\nnot closed here\n\n~~~",
  "```\nnever closed",
  "> quoted\n> twice",
  "| a | b |\n|---|---|\n| 1 | 2 |",
  "---",
  "* other marker",
  "**bold** and `code`",
];

describe("cutting into blocks", () => {
  const whole = (text: string) =>
    renderToStaticMarkup(<ReactMarkdown remarkPlugins={[remarkGfm]}>{text}</ReactMarkdown>);
  const inBlocks = (text: string) => splitBlocks(text).map(whole).join("\n");
  const tidy = (markup: string) => markup.replace(/\n+/g, "\n").trim();

  it("loses no letter", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PARTS, "", "\n")), (parts) => {
        const text = parts.join("\n");
        expect(splitBlocks(text).join("\n")).toBe(text);
      }),
    );
  });

  it("reads as the whole does, at every moment of a stream", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PARTS), { maxLength: 7 }), fc.nat(), (parts, cut) => {
        const all = parts.join("\n\n");
        const text = all.slice(0, cut % (all.length + 1));
        expect(tidy(inBlocks(text))).toBe(tidy(whole(text)));
      }),
      { numRuns: 300 },
    );
  });

  it("does not cut a text whose parts refer to each other", () => {
    const text = "See [it].\n\n[it]: https://example.org\n\nEnd.";
    expect(splitBlocks(text)).toEqual([text]);
  });

  it("leaves finished blocks as they are while the last one grows", () => {
    const before = splitBlocks("One.\n\nTwo");
    const after = splitBlocks("One.\n\nTwo grows");
    expect(after.slice(0, -1)).toEqual(before.slice(0, -1));
    expect(before).toHaveLength(2);
  });
});
