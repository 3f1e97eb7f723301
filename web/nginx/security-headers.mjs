/** Writes `security-headers.json` in the words of nginx. The image is built with what it prints. */

import { readFileSync } from "node:fs";

const headers = JSON.parse(
  readFileSync(new URL("../security-headers.json", import.meta.url), "utf8"),
);
for (const [name, value] of Object.entries(headers)) {
  console.log(`add_header ${name} ${JSON.stringify(value)} always;`);
}
