"""The circuit breaker of one model: who failed too often of late is left alone for a while.

Redis decides for all workers together (`prosa/breakers`): it counts the window, opens, and elects
the one probe, atomically and by its own clock. pybreaker says which errors count and tells of
changes; its own storages do blocking I/O inside its lock and let every worker probe at once. When
Redis does not answer in time, this process decides from what it has seen itself.

A half-open circuit closes at the probe's first chunk: a provider that begins an answer works, and
the others need not wait for its end. What breaks later counts like any other failure.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from datetime import datetime
from typing import TypeVar

import pybreaker
from redis.exceptions import RedisError

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import Admission, Outcome, Standing, State
from worker import metrics
from worker.llm.breaker_memory import MemoryBreaker
from worker.llm.errors import CircuitOpen, ModelError, ModelRateLimited, ModelUnavailable
from worker.llm.model import Chunk, Model, ModelRequest
from worker.llm.wrapper import Wrapper

log = logging.getLogger(__name__)
T = TypeVar("T")


def is_no_fault(error: BaseException) -> bool:
    """Whether `error` says nothing about the provider's health: the request's own faults do not,
    and a provider that asks to slow down is well."""
    return not isinstance(error, ModelUnavailable) or isinstance(error, ModelRateLimited)


class Breaker:
    """One model's circuit as this process knows it. Raises nothing but CircuitOpen."""

    def __init__(self, model_id: str, shared: SharedBreakers, *, redis_timeout_s: float) -> None:
        self.model_id = model_id
        self._shared = shared
        self._redis_timeout_s = redis_timeout_s
        self._memory = MemoryBreaker(shared.limits)
        self._heard = _Heard()
        self._circuit = pybreaker.CircuitBreaker(
            fail_max=shared.limits.max_failures + 1,
            reset_timeout=shared.limits.reset_s,
            exclude=[is_no_fault],
            listeners=[_Telling()],
            state_storage=self._heard,
            name=model_id,
        )

    async def admit(self) -> Call:
        """Ask to make a call. Raises CircuitOpen."""
        token = secrets.token_hex(8)
        admission = await self._in_time(self._shared.admit(self.model_id, token))
        is_shared = admission is not None
        if admission is not None:
            self._memory.learn(admission)
        else:
            admission = self._memory.admit(token)
        self._hear(admission.state)
        if not admission.is_admitted:
            metrics.BREAKER_REFUSALS.labels(self.model_id).inc()
            detail = f"circuit {admission.state}"
            raise CircuitOpen(self.model_id, detail, retry_after_s=admission.retry_after_s)
        return Call(self, token, admission, is_shared=is_shared)

    async def report(
        self, token: str, epoch: int, outcome: Outcome, *, is_shared: bool
    ) -> Standing | None:
        """Tell whoever admitted the call; None when Redis did and does not hear it."""
        if is_shared:
            standing = await self._in_time(
                self._shared.report(self.model_id, token, epoch, outcome)
            )
            if standing is None and outcome is Outcome.FAILED:
                self._memory.count_failure()
        else:
            standing = self._memory.report(token, epoch, outcome)
        if standing is not None:
            self._hear(standing.state)
        return standing

    def counts(self, error: Exception) -> bool:
        """Whether `error` is the provider's fault."""
        return self._circuit.is_system_error(error)

    async def _in_time(self, asking: Awaitable[T]) -> T | None:
        try:
            async with asyncio.timeout(self._redis_timeout_s):
                return await asking
        except (RedisError, TimeoutError, OSError):
            metrics.BREAKER_REDIS_FAILURES.inc()
            return None

    def _hear(self, state: State) -> None:
        self._heard.state = state.value
        _ = self._circuit.state  # reading it tells the listeners of a change


class Call:
    """One call that was let out; `began` and `failed` tell how it goes, `end` closes it."""

    def __init__(
        self, breaker: Breaker, token: str, admission: Admission, *, is_shared: bool
    ) -> None:
        self._breaker = breaker
        self._token = token
        self._epoch = admission.epoch
        self._is_shared = is_shared
        self._is_probing = admission.state is State.HALF_OPEN

    async def began(self) -> None:
        """The model answers. Costs a round trip for a probe, nothing otherwise."""
        if not self._is_probing:
            return
        standing = await self._report(Outcome.OK)
        if standing is not None:
            self._epoch = standing.epoch

    async def failed(self, error: ModelError) -> None:
        """The model did not, or not to its end."""
        if self._breaker.counts(error):
            await self._report(Outcome.FAILED)

    async def end(self) -> None:
        """However it went: a probe that has told nothing lets the next one out."""
        if self._is_probing:
            await self._report(Outcome.ABANDONED)

    async def _report(self, outcome: Outcome) -> Standing | None:
        self._is_probing = False
        return await self._breaker.report(
            self._token, self._epoch, outcome, is_shared=self._is_shared
        )


class Guarded(Wrapper):
    """A model behind its breaker. Raises CircuitOpen when it is not asked."""

    def __init__(self, model: Model, breaker: Breaker) -> None:
        super().__init__(model)
        self._breaker = breaker

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """See `worker.llm.model.Model`. Cancellation counts as nothing."""
        call = await self._breaker.admit()
        try:
            async with aclosing(self._model.stream(request)) as chunks:
                async for chunk in chunks:
                    await call.began()
                    yield chunk
        except ModelError as error:
            await call.failed(error)
            raise
        finally:
            await call.end()


class _Heard(pybreaker.CircuitBreakerStorage):
    """The state as Redis or memory last said it. Counting is theirs, so this counts nothing."""

    def __init__(self) -> None:
        super().__init__("heard")
        self._state = pybreaker.STATE_CLOSED

    @property
    def state(self) -> str:
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state

    @property
    def counter(self) -> int:
        return 0

    @property
    def success_counter(self) -> int:
        return 0

    @property
    def opened_at(self) -> datetime | None:
        return None

    @opened_at.setter
    def opened_at(self, datetime: datetime) -> None:
        """Redis knows."""


class _Telling(pybreaker.CircuitBreakerListener):
    """Logs and counts what changes."""

    def state_change(
        self,
        cb: pybreaker.CircuitBreaker,
        old_state: pybreaker.CircuitBreakerState | None,
        new_state: pybreaker.CircuitBreakerState,
    ) -> None:
        before = old_state.name if old_state else None
        metrics.BREAKER_CHANGES.labels(cb.name, new_state.name).inc()
        log.warning(
            "breaker_changed",
            extra={"model": cb.name, "state": new_state.name, "before": before},
        )
