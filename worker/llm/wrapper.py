"""What all wrappers of one model have in common: they change how it streams and nothing else."""

from __future__ import annotations

from worker.llm.model import Model


class Wrapper:
    """Base of `Timeouts`, `Guarded` and `Retrying`; each adds its `stream`."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def model_id(self) -> str:
        """The wrapped model's."""
        return self._model.model_id

    @property
    def context_tokens(self) -> int:
        """The wrapped model's."""
        return self._model.context_tokens

    def count_tokens(self, text: str) -> int:
        """As the wrapped model counts."""
        return self._model.count_tokens(text)

    async def aclose(self) -> None:
        """Close the wrapped model."""
        await self._model.aclose()
