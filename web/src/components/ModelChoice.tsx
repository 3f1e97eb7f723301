/** Which model answers next. Shown only where there is a choice, or where the choice is gone. */

import { useEffect, useState } from "react";

import { type Model } from "../api/schemas";
import { strings } from "../strings";
import { useChat } from "./context";
import { modelName } from "./modelName";

/** What the server offers; null until it has said. */
export function useModels(): readonly Model[] | null {
  const chat = useChat();
  const [models, setModels] = useState<readonly Model[] | null>(null);
  useEffect(() => {
    // Without the list the server's default answers, which is what most readers want.
    chat.api.models().then(setModels, () => undefined);
  }, [chat]);
  return models;
}

/** The choice, as long as it is offered: a message must not fail for a model that is gone. */
export function offered(chosen: string | null, models: readonly Model[] | null): string | null {
  const isGone = models !== null && !models.some(({ model_id }) => model_id === chosen);
  return isGone ? null : chosen;
}

interface Props {
  readonly models: readonly Model[] | null;
  /** What the reader chose, offered or not; null leaves it to the server. */
  readonly chosen: string | null;
  readonly onChoose: (model: string | null) => void;
}

export function ModelChoice({ models, chosen, onChoose }: Props) {
  if (models === null) return null;
  const gone = chosen !== null && offered(chosen, models) === null ? chosen : null;
  if (models.length < 2 && gone === null) return null;
  const standard = models.find((item) => item.is_default)?.model_id;
  return (
    <select
      className="composer__model"
      aria-label={strings.composer.model}
      value={chosen ?? standard}
      data-gone={gone !== null}
      onChange={(event) => {
        onChoose(event.target.value === standard ? null : event.target.value);
      }}
    >
      {gone !== null && (
        <option value={gone} disabled>
          {strings.composer.modelGone(modelName(gone))}
        </option>
      )}
      {models.map(({ model_id }) => (
        <option key={model_id} value={model_id}>
          {modelName(model_id)}
        </option>
      ))}
    </select>
  );
}
