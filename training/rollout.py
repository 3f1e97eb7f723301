"""Holds many dialogues with a model at once, for evaluation: every reply is the model's own."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BATCH = 48
_MAX_NEW_TOKENS = 320


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, and whether the model ended it itself."""

    text: str
    has_ended: bool


class Speaker:
    """A model and its tokenizer, greedy, in float32 on the CPU or on a GPU."""

    def __init__(self, folder: Path) -> None:
        # transformers types almost nothing of this, hence Any.
        torch: Any = importlib.import_module("torch")
        transformers: Any = importlib.import_module("transformers")
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left")
        network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
        self._network = network.to(self._device).eval()

    def hold(self, dialogues: list[list[str]]) -> list[Reply]:
        """Say the user's lines of each dialogue in turn and return the reply to its last line."""
        said: list[list[dict[str, str]]] = [[] for _ in dialogues]
        last = [Reply("", has_ended=False)] * len(dialogues)
        for turn in range(max(map(len, dialogues))):
            speaking = [i for i, lines in enumerate(dialogues) if len(lines) > turn]
            for i in speaking:
                said[i].append({"role": "user", "content": dialogues[i][turn]})
            # Those of one length together: little of a batch is padding.
            speaking.sort(key=lambda i: sum(len(message["content"]) for message in said[i]))
            for start in range(0, len(speaking), _BATCH):
                batch = speaking[start : start + _BATCH]
                replies = self._answer([said[i] for i in batch])
                for i, reply in zip(batch, replies, strict=True):
                    last[i] = reply
                    said[i].append({"role": "assistant", "content": reply.text})
        return last

    def _answer(self, conversations: list[list[dict[str, str]]]) -> list[Reply]:
        inputs = self._tokenizer.apply_chat_template(
            conversations,
            add_generation_prompt=True,
            padding=True,
            return_tensors="pt",
            return_dict=True,
        ).to(self._device)
        width = inputs["input_ids"].shape[1]
        outputs = self._network.generate(**inputs, max_new_tokens=_MAX_NEW_TOKENS, do_sample=False)[
            :, width:
        ]
        texts = self._tokenizer.batch_decode(outputs, skip_special_tokens=True)
        end = self._network.generation_config.eos_token_id
        ended = [end in row for row in outputs.tolist()]
        return [Reply(t, has_ended=e) for t, e in zip(texts, ended, strict=True)]
