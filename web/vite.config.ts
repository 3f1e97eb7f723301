/**
 * How the page is built and served: one origin for the page, `/api` and `/ws`.
 *
 * `npm run dev` and `npm run preview` read PROSA_API_TARGET (base URL of the HTTP API, path
 * included), PROSA_WS_TARGET and PROSA_EVENTS_TARGET (the gateway) and PORT.
 */

import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { type ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";

import { budget } from "./budget";
// What a browser may do with the built page. Whatever serves it elsewhere sends the same, from the
// same file: nginx in its image, the CDN in the cloud.
import securityHeaders from "./security-headers.json" with { type: "json" };

const DEFAULT_PORT = 8080;

function proxies(env: NodeJS.ProcessEnv): Record<string, ProxyOptions> {
  const table: Record<string, ProxyOptions> = {};
  if (env["PROSA_EVENTS_TARGET"] !== undefined) {
    table["^/api/events(\\?|$)"] = { target: env["PROSA_EVENTS_TARGET"] };
  }
  if (env["PROSA_API_TARGET"] !== undefined) {
    table["^/api/"] = {
      target: env["PROSA_API_TARGET"].replace(/\/$/, ""),
      changeOrigin: true,
      rewrite: (path) => path.replace(/^\/api/, ""),
    };
  }
  if (env["PROSA_WS_TARGET"] !== undefined) {
    // The gateway checks Origin, so Host and Origin stay what the browser sent.
    table["^/ws(\\?|$)"] = { target: env["PROSA_WS_TARGET"], ws: true };
  }
  return table;
}

const address = {
  host: "127.0.0.1",
  port: Number(process.env["PORT"] ?? DEFAULT_PORT),
  strictPort: true,
  proxy: proxies(process.env),
};

export default defineConfig({
  plugins: [react(), budget()],
  resolve: {
    alias: {
      // Its build for browsers reads an entity by `innerHTML`, which the policy's trusted types
      // refuse; the other one has them in a table.
      "decode-named-character-reference": fileURLToPath(
        new URL("node_modules/decode-named-character-reference/index.js", import.meta.url),
      ),
    },
  },
  server: address,
  preview: { ...address, headers: securityHeaders },
  build: {
    target: "es2023",
    // A file inlined as `data:` would need a weaker policy than 'self'.
    assetsInlineLimit: 0,
  },
  test: { include: ["tests/**/*.test.{ts,tsx}"], environment: "node" },
});
