/** Each language says everything, in its own words; failures are told by their code. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Refused, Unreachable } from "../src/api/errors";
import { applyLanguage, chooseLanguage, preferred, readLanguage } from "../src/chat/language";
import { errorText, failureText } from "../src/components/failureText";
import { strings } from "../src/strings";
import { en } from "../src/strings/en";
import { pt } from "../src/strings/pt";

/** Every word of a language by its path; what is made of arguments is made of plain ones. */
function words(part: unknown, path = ""): [string, string][] {
  if (typeof part === "string") return [[path, part]];
  if (typeof part === "function") return [[path, String((part as (n: number) => unknown)(2))]];
  return Object.entries(part as object).flatMap(([key, inner]) => words(inner, `${path}.${key}`));
}

// Names, and words that are the same in both.
const SAME = new Set([".appName", ".account.email"]);

describe("the words", () => {
  it("are all there in Portuguese", () => {
    expect(words(pt).map(([path]) => path)).toEqual(words(en).map(([path]) => path));
    expect(words(pt).filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("are not left in English", () => {
    const english = new Map(words(en));
    const left = words(pt).filter(([path, text]) => !SAME.has(path) && english.get(path) === text);
    expect(left).toEqual([]);
  });

  it("count as the language does", () => {
    expect(en.composer.left(1234)).toContain("1,234");
    expect(pt.composer.left(1234)).toContain("1.234");
    expect(pt.composer.left(1)).toBe("Resta 1 caractere");
  });
});

describe("the choice", () => {
  const stored = new Map<string, string>();
  const root = { lang: "en" };
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
    });
    vi.stubGlobal("navigator", { languages: ["pt-PT", "en"] });
    vi.stubGlobal("document", { documentElement: root, querySelector: () => null });
  });
  afterEach(() => {
    applyLanguage("en");
    vi.unstubAllGlobals();
  });

  it.each([
    [["pt-BR"], "pt-BR"],
    [["pt"], "pt-BR"],
    [["pt-PT", "en"], "pt-BR"],
    [["en-GB", "pt"], "en"],
    [["de", "pt-BR"], "pt-BR"],
    [["de"], "en"],
    [[], "en"],
  ])("of a browser that asks for %j is %s", (asked, language) => {
    expect(preferred(asked)).toBe(language);
  });

  it("of the reader outlasts the page, and wins over the browser's", () => {
    expect(readLanguage()).toBe("pt-BR");
    chooseLanguage("en");
    expect(readLanguage()).toBe("en");
  });

  it("is heard at once, by the words and by the browser", () => {
    applyLanguage("pt-BR");
    expect(strings.composer.send).toBe("Enviar");
    expect(root.lang).toBe("pt-BR");
  });

  it("tells a failure by its code, in the reader's language", () => {
    applyLanguage("pt-BR");
    expect(failureText({ code: "deadline_exceeded", detail: "Too slow." })).toBe(
      pt.failures.byCode.deadline_exceeded,
    );
    expect(errorText(refused("bad_credentials"))).toBe(pt.failures.byCode.bad_credentials);
    expect(errorText(new Unreachable("x"))).toBe(pt.failures.unreachable);
  });

  it("tells each wrong field, and keeps the server's words for a code it does not know", () => {
    const fields = [
      { field: "email", code: "wrong_format", message: "Wrong form." },
      { field: "password", code: "haunted", message: "It is haunted." },
    ];
    applyLanguage("pt-BR");
    expect(errorText(refused("validation_failed", fields))).toBe(
      `${pt.failures.byCode.email_wrong_format} It is haunted.`,
    );
    expect(errorText(refused("brand_new"))).toBe("The server's words.");
    expect(failureText({ code: "toString", detail: "" })).toBe(pt.failures.unexpected);
  });
});

function refused(code: string, errors: Refused["fields"] = []): Refused {
  return new Refused(422, { title: "", detail: "The server's words.", code, errors }, null);
}
