/**
 * How much script a visitor fetches, and the most it may be: a part of every build, which fails
 * over it. Counted gzipped, as it travels, chunk by chunk, from what the bundler wrote.
 */

import { gzipSync } from "node:zlib";
import { type Plugin, type Rollup } from "vite";

/** All that is fetched before there is code to colour: the page, and the reader of Markdown. */
export const MAX_BYTES = 250_000;
/** What only a code block asks for, by the name of its chunk. */
const FOR_CODE = "highlighter";

export interface Chunk {
  readonly fileName: string;
  readonly name: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
}

export interface Weights {
  /** The entry and all that it imports: without these there is no page. */
  readonly start: number;
  /** What the page fetches by itself once it stands. */
  readonly later: number;
  readonly forCode: number;
}

/** Weigh the chunks of a build by when they are fetched, each once, in bytes of gzip. */
export function weigh(chunks: readonly Chunk[]): Weights {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const seen = new Set<string>();

  function take(fileNames: readonly string[], isLater: boolean): number {
    let bytes = 0;
    for (const fileName of fileNames) {
      const chunk = byFile.get(fileName);
      if (chunk === undefined || seen.has(fileName) || chunk.name === FOR_CODE) continue;
      seen.add(fileName);
      bytes += gzipSync(chunk.code).length;
      bytes += take(isLater ? [...chunk.imports, ...chunk.dynamicImports] : chunk.imports, isLater);
    }
    return bytes;
  }

  const entries = chunks.filter(({ isEntry }) => isEntry);
  const start = take(entries.map(({ fileName }) => fileName), false);
  const asked = chunks.filter(({ fileName }) => seen.has(fileName)).flatMap((chunk) => chunk.dynamicImports);
  const later = take(asked, true);
  const rest = chunks.filter(({ fileName }) => !seen.has(fileName));
  return { start, later, forCode: rest.reduce((sum, { code }) => sum + gzipSync(code).length, 0) };
}

/** Tells the weights after a build, and fails it over the budget. */
export function budget(): Plugin {
  return {
    name: "prosa:budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((item): item is Rollup.OutputChunk => item.type === "chunk");
      const weights = weigh(chunks);
      const told = sentence(weights);
      if (weights.start + weights.later > MAX_BYTES) this.error(`Over the budget. ${told}`);
      this.info(told);
    },
  };
}

export function sentence({ start, later, forCode }: Weights): string {
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  return (
    `Script, gzipped: ${kB(start)} for the page and ${kB(later)} for replies, ${kB(start + later)} of ` +
    `${kB(MAX_BYTES)}; ${kB(forCode)} more with the first code block.`
  );
}
