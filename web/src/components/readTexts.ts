/**
 * What was read of texts, kept while there is room: an item that comes back into view is not read
 * again. The text that was used the longest time ago goes first.
 */

export class ReadTexts<T> {
  readonly #read = new Map<string, T>();
  readonly #maxChars: number;
  #chars = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  /** What was read of `text`, or what `read` reads now. */
  of(text: string, read: (text: string) => T): T {
    const known = this.#read.get(text);
    const found = known ?? read(text);
    // A map keeps the order of insertion: the newest use goes to its end.
    if (this.#read.delete(text)) this.#chars -= text.length;
    this.#read.set(text, found);
    this.#chars += text.length;
    for (const oldest of this.#read.keys()) {
      if (this.#chars <= this.#maxChars) break;
      this.#read.delete(oldest);
      this.#chars -= oldest.length;
    }
    return found;
  }

  has(text: string): boolean {
    return this.#read.has(text);
  }
}
