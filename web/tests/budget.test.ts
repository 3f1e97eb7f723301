/** The budget counts each chunk once, in its place, and fails a build that is over it. */

import { randomBytes } from "node:crypto";
import { build, type Rollup } from "vite";
import { describe, expect, it } from "vitest";

import { budget, type Chunk, MAX_BYTES, weigh } from "../budget";

/** Does not get smaller by gzip. */
const noise = (bytes: number) => `export default "${randomBytes(Math.ceil(bytes / 2)).toString("hex")}"`;

function chunk(name: string, code: string, more: Partial<Chunk> = {}): Chunk {
  return { fileName: `${name}.js`, name, code, isEntry: false, imports: [], dynamicImports: [], ...more };
}

describe("weights", () => {
  it("tell apart what is fetched when", () => {
    const code = noise(2_000);
    const shared = chunk("shared", code);
    const weights = weigh([
      chunk("index", code, { isEntry: true, imports: ["shared.js"], dynamicImports: ["Markdown.js"] }),
      shared,
      chunk("Markdown", code, { imports: ["shared.js"], dynamicImports: ["highlighter.js", "more.js"] }),
      chunk("more", code),
      chunk("highlighter", code, { imports: ["grammars.js", "shared.js"] }),
      chunk("grammars", code),
    ]);
    const each = weigh([chunk("index", code, { isEntry: true })]).start;
    expect(weights).toEqual({ start: 2 * each, later: 2 * each, forCode: 2 * each });
  });
});

describe("a build", () => {
  const make = (code: string) =>
    build({
      configFile: false,
      logLevel: "silent",
      plugins: [
        budget(),
        { name: "made", resolveId: (id) => (id === "made" ? id : null), load: (id) => (id === "made" ? code : null) },
      ],
      build: { write: false, rollupOptions: { input: "made", preserveEntrySignatures: "strict" } },
    });

  it("that is light is built", async () => {
    const [output] = [await make(noise(1_000))].flat() as Rollup.RollupOutput[];
    expect(output?.output).toHaveLength(1);
  });

  it("that is too heavy fails", async () => {
    await expect(make(noise(3 * MAX_BYTES))).rejects.toThrow("Over the budget");
  });
});
