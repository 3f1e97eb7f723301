"""The models of this stage as a page offers them."""

from __future__ import annotations

from collections.abc import Sequence

from lambdas.schemas import ModelChoice, ModelList


def model_list(model_ids: Sequence[str]) -> ModelList:
    """`openai:gpt-5-mini` is offered as `gpt-5-mini`, `local:Qwen/Qwen2.5` as `Qwen2.5`.

    The first is the one that answers when a message names none.
    """
    return ModelList(
        items=[
            ModelChoice(model_id=model_id, label=_label(model_id), is_default=number == 0)
            for number, model_id in enumerate(model_ids)
        ]
    )


def _label(model_id: str) -> str:
    _, _, name = model_id.partition(":")
    return (name or model_id).rsplit("/", 1)[-1]
