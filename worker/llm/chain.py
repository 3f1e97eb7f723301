"""Which model answers a job; where retry, breaker and fallback will stand around it.

`bootstrap` makes the one chain of a process, `handle_job` asks it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from worker.llm.model import Model


class Chain:
    """The models of `PROSA_MODELS`, in their order. The first answers who did not choose."""

    def __init__(self, models: Sequence[Model]) -> None:
        if not models:
            raise ValueError("a chain needs a model")
        self._models = {model.model_id: model for model in models}
        self._first = models[0]

    def resolve(self, wanted: str | None) -> Model:
        """The model the user asked for, or the first when they did not ask, or it is gone."""
        return self._models.get(wanted or "", self._first)

    async def aclose(self) -> None:
        """Close every model."""
        await asyncio.gather(*(model.aclose() for model in self._models.values()))
