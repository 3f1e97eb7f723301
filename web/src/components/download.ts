/** Hands a file that was made in the page to the browser, which saves it as any download. */

import { type ExportFile } from "../chat/export";

export function download({ name, type, text }: ExportFile): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser reads it after this turn.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 10_000);
}
