/** Which model answers next. Shown only where there is a choice. */

import { useEffect, useState } from "react";

import { type Model } from "../api/schemas";
import { strings } from "../strings";
import { useChat } from "./context";

interface Props {
  /** null leaves it to the server. */
  readonly model: string | null;
  readonly onModel: (model: string | null) => void;
}

export function ModelChoice({ model, onModel }: Props) {
  const chat = useChat();
  const [models, setModels] = useState<readonly Model[]>([]);
  useEffect(() => {
    // Without the list the server's default answers, which is what most readers want.
    chat.models().then(setModels, () => undefined);
  }, [chat]);
  if (models.length < 2) return null;
  const standard = models.find((item) => item.is_default);
  return (
    <select
      className="composer__model"
      aria-label={strings.composer.model}
      value={model ?? standard?.model_id}
      onChange={(event) => {
        const chosen = event.target.value;
        onModel(chosen === standard?.model_id ? null : chosen);
      }}
    >
      {models.map(({ model_id, label }) => (
        <option key={model_id} value={model_id}>
          {label}
        </option>
      ))}
    </select>
  );
}
