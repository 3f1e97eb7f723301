"""The one layer that asks a model again: until its first token, within a budget.

After the first token a reader has seen text, and only a new attempt of the job may start over. The
SDKs' own retries are off; the queue's come when these and the fallback are exhausted, seconds
later and four at most. The budget is the process's: when everything fails, retries add a tenth to
the calls and not two thirds.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from worker import metrics
from worker.llm.errors import CircuitOpen, ModelRateLimited, ModelUnavailable, StreamCut
from worker.llm.external import LONGEST_RETRY_AFTER_S
from worker.llm.model import Chunk, Model, ModelRequest
from worker.llm.wrapper import Wrapper

log = logging.getLogger(__name__)

LONGEST_BACKOFF_S = 8.0

Begun = tuple[Chunk, AsyncGenerator[Chunk]]
"""The first chunk of a stream, and what follows."""


@dataclass(frozen=True, kw_only=True)
class RetryLimits:
    """`attempts` of one model for one reply; waits are drawn from 0 to `backoff_s`, doubling.

    A provider that wishes to be left alone for longer than `longest_wish_s` is.
    """

    attempts: int
    backoff_s: float
    longest_wish_s: float


class RetryBudget:
    """Tokens of all models together: a call earns `ratio`, a retry costs 1. Starts full."""

    def __init__(self, *, ratio: float, reserve: float) -> None:
        self._ratio = ratio
        self._reserve = reserve
        self._tokens = reserve

    def earn(self) -> None:
        """A first call was made."""
        self._tokens = min(self._reserve, self._tokens + self._ratio)

    def spend(self) -> bool:
        """Whether one retry may be made."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Retrying(Wrapper):
    """A model that is asked again when it fails before its first token."""

    def __init__(self, model: Model, limits: RetryLimits, budget: RetryBudget) -> None:
        super().__init__(model)
        self._backoff = wait_random_exponential(multiplier=limits.backoff_s, max=LONGEST_BACKOFF_S)
        self._last = stop_after_attempt(limits.attempts)
        self._budget = budget
        self._longest_wish_s = limits.longest_wish_s

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """See `worker.llm.model.Model`.

        tenacity does nothing for an async generator, so what it repeats is a coroutine that gives
        the first chunk and the rest.
        """
        self._budget.earn()
        trying = AsyncRetrying(
            retry=retry_if_exception(self._is_worth_it),
            stop=self._is_over,
            wait=self._wait_s,
            before_sleep=self._note,
            reraise=True,
        )
        begun: Begun = await trying(self._begin, request)
        first, rest = begun
        async with aclosing(rest):
            yield first
            async for chunk in rest:
                yield chunk

    async def _begin(self, request: ModelRequest) -> Begun:
        chunks = self._model.stream(request)
        first = await anext(chunks, None)  # what it raises has closed it
        if first is None:
            raise StreamCut(self.model_id, "the stream was empty")
        return first, chunks

    def _is_over(self, state: RetryCallState) -> bool:
        if self._last(state):
            return True
        if self._budget.spend():
            return False
        metrics.RETRIES_DENIED.labels(self.model_id).inc()
        return True

    def _wait_s(self, state: RetryCallState) -> float:
        """The provider's wish and full jitter on top: those it sent away together must not come
        back together."""
        error = state.outcome.exception() if state.outcome else None
        return min(_wish_s(error) + self._backoff(state), LONGEST_RETRY_AFTER_S)

    def _is_worth_it(self, error: BaseException) -> bool:
        """Whether to wait here and ask again. An open circuit would only say the same; a long wish
        is not waited out in a place that another reply could use."""
        if not isinstance(error, ModelUnavailable) or isinstance(error, CircuitOpen):
            return False
        return _wish_s(error) <= self._longest_wish_s

    def _note(self, state: RetryCallState) -> None:
        metrics.MODEL_RETRIES.labels(self.model_id).inc()
        error = state.outcome.exception() if state.outcome else None
        log.info(
            "model_retried",
            extra={
                "model": self.model_id,
                "detail": str(error),
                "wait_s": round(state.upcoming_sleep, 3),
            },
        )


def _wish_s(error: BaseException | None) -> float:
    """How long the provider wishes to be left alone."""
    return (error.retry_after_s or 0.0) if isinstance(error, ModelRateLimited) else 0.0
