/** `openai:gpt-5-mini` as people say it. */

import { strings } from "../strings";

const PROVIDERS: Readonly<Record<string, string>> = { openai: "OpenAI", anthropic: "Anthropic" };

/** The name, and who runs it: two providers may have models of one name. */
export function modelName(modelId: string): string {
  const [, provider = "", path = modelId] = /^([a-z]+):(.+)$/.exec(modelId) ?? [];
  const name = path.split("/").at(-1) ?? path;
  const by = provider === "local" ? strings.composer.modelHere : (PROVIDERS[provider] ?? provider);
  return by === "" ? name : `${name} · ${by}`;
}
