/**
 * The log over plain HTTP, for networks that break WebSockets: looks like a socket to `Connection`.
 *
 * Read with `fetch`, not with `EventSource`: that would come back by itself with a ticket that is
 * used. What a socket is told, a stream cannot be: a ping is answered here when the server showed
 * that it lives since the last one, and all else is left to the API.
 */

import { type SocketLike } from "./connection";

/** No close was told: the code browsers report for a socket. */
const ABNORMAL = 1006;
const OPEN = 1;
const CLOSED = 3;

export class EventStream implements SocketLike {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readyState = OPEN;
  readonly #aborter = new AbortController();
  #code = ABNORMAL;
  #hasLived = false;

  constructor(url: string) {
    void this.#run(url);
  }

  /** Only a ping is heard, by nobody but us. */
  send(text: string): void {
    if (this.#hasLived && text.includes('"ping"')) this.#tell('{"type":"pong"}');
    this.#hasLived = false;
  }

  close(): void {
    this.readyState = CLOSED;
    this.#aborter.abort();
  }

  async #run(url: string): Promise<void> {
    try {
      const response = await fetch(url, {
        headers: { Accept: "text/event-stream" },
        cache: "no-store",
        signal: this.#aborter.signal,
      });
      if (response.ok && response.body !== null) await this.#read(response.body);
    } catch {
      // Cut, or closed by us.
    }
    this.readyState = CLOSED;
    this.onclose?.({ code: this.#code } as CloseEvent);
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.#hasLived = true;
      const records = (rest + part.value).split("\n\n");
      rest = records.pop() ?? "";
      for (const record of records) this.#take(record);
    }
  }

  #take(record: string): void {
    const fields = new Map(record.split("\n").map((line) => splitField(line)));
    const data = fields.get("data");
    if (data === undefined) return;
    if (fields.get("event") === "close") this.#code = closeCode(data);
    else this.#tell(data);
  }

  #tell(data: string): void {
    this.onmessage?.({ data } as MessageEvent);
  }
}

/** `name: value` (HTML, 9.2.6); a comment has no name. */
function splitField(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

function closeCode(data: string): number {
  try {
    const { code } = JSON.parse(data) as { code?: unknown };
    return typeof code === "number" ? code : ABNORMAL;
  } catch {
    return ABNORMAL;
  }
}
