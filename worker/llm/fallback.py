"""A chain of models as one model: when the first cannot answer, the next does.

Only until the first token: two models never write one reply. `Answering` says who writes it.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from worker import metrics
from worker.llm.errors import (
    CircuitOpen,
    ContextTooLong,
    ModelError,
    ModelMisconfigured,
    ModelRateLimited,
    ModelsUnavailable,
    ModelUnavailable,
    StreamCut,
)
from worker.llm.fitting import fitted
from worker.llm.model import Answering, Chunk, Model, ModelRequest

log = logging.getLogger(__name__)


class Fallback:
    """The first of `models` that begins to answer. A prompt is made to the first one's measure."""

    def __init__(self, models: Sequence[Model]) -> None:
        if not models:
            raise ValueError("a fallback needs a model")
        self._models = models
        self._first = models[0]

    @property
    def model_id(self) -> str:
        """The first one's: who is asked, not who answers."""
        return self._first.model_id

    @property
    def context_tokens(self) -> int:
        """The first one's."""
        return self._first.context_tokens

    def count_tokens(self, text: str) -> int:
        """As the first one counts."""
        return self._first.count_tokens(text)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """See `worker.llm.model.Model`.

        Raises ModelsUnavailable when open circuits alone are what to wait for; else the failure
        that may pass soonest.
        """
        errors: list[ModelError] = []
        for model in self._models:
            try:
                own = request if model is self._first else fitted(request, model)
                chunks = model.stream(own)
                chunk = await anext(chunks, None)  # what it raises has closed it
                if chunk is None:
                    raise StreamCut(model.model_id, "the stream was empty")
            except ModelError as error:
                if not self._may_go_on(error):
                    raise
                self._note(error)
                errors.append(error)
                continue
            async with aclosing(chunks):
                yield Answering(model.model_id)
                yield chunk
                async for chunk in chunks:
                    yield chunk
            return
        raise _verdict(self.model_id, errors)

    async def aclose(self) -> None:
        """Close every model."""
        for model in self._models:
            await model.aclose()

    def _may_go_on(self, error: ModelError) -> bool:
        """Whether another model may do better. A refused prompt is refused; one that is too long
        for a further, smaller model says nothing of the others."""
        if isinstance(error, ContextTooLong):
            return error.model_id != self.model_id
        return isinstance(error, (ModelUnavailable, ModelMisconfigured))

    def _note(self, error: ModelError) -> None:
        metrics.FALLBACKS.labels(error.model_id).inc()
        log.warning(
            "model_passed_over",
            extra={"model": error.model_id, "code": error.code, "detail": error.detail},
        )


def _verdict(model_id: str, errors: Sequence[ModelError]) -> ModelError:
    """One error for all. What passes wins, as the next attempt asks the whole chain again; but a
    chain that only waits for its circuits is told to its user at once."""
    passing = [e for e in errors if e.retryable and not isinstance(e, CircuitOpen)]
    if passing:
        return min(passing, key=_wait_s)  # the first of those that are equal
    waits = [error.retry_after_s for error in errors if isinstance(error, CircuitOpen)]
    if not waits:
        return errors[0]
    return ModelsUnavailable(model_id, "circuits are open", retry_after_s=min(waits))


def _wait_s(error: ModelError) -> float:
    return (error.retry_after_s or 0.0) if isinstance(error, ModelRateLimited) else 0.0
