/** An HTTP server on loopback for the API's tests: each path answers by a function of the try. */

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo } from "node:net";

export interface Seen {
  readonly call: string;
  /** As it was sent, without its question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** `tried` counts from 1 for each "METHOD /path". "cut" ends the connection without an answer. */
export type Route = (tried: number, seen: Seen) => Answer | "cut" | Promise<Answer>;

export class ApiServer {
  readonly seen: Seen[] = [];
  readonly routes = new Map<string, Route>();
  readonly #http: Server = createServer();

  async listen(): Promise<string> {
    this.#http.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => void answerTo());
      const answerTo = async () => {
        const text = Buffer.concat(chunks).toString();
        const url = new URL(request.url ?? "/", "http://api");
        const call = `${request.method ?? ""} ${url.pathname}`;
        const query = url.search.slice(1);
        const body: unknown = text === "" ? null : JSON.parse(text);
        const seen = { call, query, headers: request.headers, body };
        this.seen.push(seen);
        const route = this.routes.get(call);
        const answer = (await route?.(this.tries(call), seen)) ?? { status: 404 };
        if (answer === "cut") {
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.status, { "Content-Type": "application/json", ...answer.headers });
        response.end(answer.body === undefined ? "" : JSON.stringify(answer.body));
      };
    });
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  tries(call: string): number {
    return this.seen.filter((seen) => seen.call === call).length;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, "close");
  }
}
