/** Code in colours is the same code: spans with class names around it, and not a letter more. */

import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";

import { nextTarget, pauseMs } from "../src/components/codePace";
import { paint } from "../src/components/highlighter";
import samples from "./hostile/samples.json" with { type: "json" };

const html = (language: string, text: string) => renderToStaticMarkup(<>{paint(language, text)}</>);
const asText = (markup: string) =>
  markup
    .replace(/<[^>]*>/g, "")
    .replace(/&(lt|gt|quot|#x27|amp);/g, (entity) => ENTITIES[entity] ?? entity);
const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#x27;": "'",
  "&amp;": "&",
};

describe("colouring", () => {
  it.each([
    ["py", "def f(x):\n    return 'a'  # why\n", "hljs-keyword"],
    ["TypeScript", "const a: number = 1;", "hljs-keyword"],
    ["sh", "echo \"$HOME\"", "hljs-built_in"],
    ["console", "$ make run", "hljs-meta"],
    ["toml", "[a]\nb = 1", "hljs-section"],
    ["html", "<p class=\"x\">y</p>", "hljs-tag"],
    ["jsonc", "{\"a\": 1}", "hljs-attr"],
    ["yml", "a: 1", "hljs-attr"],
  ])("knows %s", (language, text, name) => {
    expect(html(language, text)).toContain(`class="${name}`);
    expect(asText(html(language, text))).toBe(text);
  });

  it("leaves a language it does not know alone", () => {
    expect(paint("klingon", "x")).toBeNull();
    expect(paint("__proto__", "x")).toBeNull();
    expect(paint("constructor", "x")).toBeNull();
  });

  it.each(["html", "js", "css", "php", "bash"])("makes nothing but spans of hostile %s", (language) => {
    for (const { markdown } of samples) {
      const markup = html(language, markdown);
      expect(markup.replace(/<\/?span(?: class="[\w\- ]+")?>/g, "")).not.toMatch(/[<>]/);
      expect(asText(markup)).toBe(markdown);
    }
  });
});

describe("the pace of colouring a block that grows", () => {
  it("gives it a small share of the time, and never lets it rest for long", () => {
    expect(pauseMs(0)).toBeGreaterThanOrEqual(100);
    expect(30 / (30 + pauseMs(30))).toBeLessThan(0.1);
    expect(pauseMs(10_000)).toBeLessThanOrEqual(2_000);
  });

  it("colours what is there, then whole lines while it grows, and the last line when it rests", () => {
    expect(nextTarget("a\nb\nc", "")).toBe("a\nb\nc");
    expect(nextTarget("a\nb\nc", "a\n")).toBe("a\nb\n");
    expect(nextTarget("a\nb\nc", "a\nb\n")).toBe("a\nb\nc");
    expect(nextTarget("a", "")).toBe("a");
  });
});
