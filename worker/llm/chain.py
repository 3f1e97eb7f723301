"""Which model answers a job, and what stands around it. The order is written here and only here:

    job deadline   `worker.generation`: bounds everything below, waits of retries included
    fallback       the next model, once this one is given up; outside retry, or one short
                   failure would change the voice of a reply
    retry          the same model again; outside the breaker, so that each try asks it and counts
    breaker        outside the timeouts, so that silence counts
    timeouts       the first token, and the silences after it
    provider       one request: the SDKs do not retry

`bootstrap` makes the one chain of a process, `handle_job` asks it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from prosa.breakers.circuits import SharedBreakers
from worker.llm.breaker import Breaker, Guarded
from worker.llm.fallback import Fallback
from worker.llm.model import Model
from worker.llm.retry import RetryBudget, Retrying, RetryLimits
from worker.llm.timeouts import Silences, Timeouts


@dataclass(frozen=True, kw_only=True)
class Guards:
    """What the wrappers of all models of a process share."""

    breakers: SharedBreakers
    redis_timeout_s: float
    silences: Silences
    retry: RetryLimits
    budget: RetryBudget

    def around(self, model: Model) -> Model:
        """The model with everything but fallback and deadline."""
        breaker = Breaker(model.model_id, self.breakers, redis_timeout_s=self.redis_timeout_s)
        guarded = Guarded(Timeouts(model, self.silences), breaker)
        return Retrying(guarded, self.retry, self.budget)


class Chain:
    """The models of `PROSA_MODELS`, in their order. The first answers who did not choose."""

    def __init__(self, models: Sequence[Model]) -> None:
        if not models:
            raise ValueError("a chain needs a model")
        self._models = {model.model_id: model for model in models}
        self._first = models[0]

    def resolve(self, wanted: str | None) -> Model:
        """The model the user asked for, or the first when they did not ask, or it is gone; the
        others stand behind it in their order."""
        chosen = self._models.get(wanted or "", self._first)
        others = [model for model in self._models.values() if model is not chosen]
        return Fallback([chosen, *others])

    async def aclose(self) -> None:
        """Close every model."""
        await asyncio.gather(*(model.aclose() for model in self._models.values()))
