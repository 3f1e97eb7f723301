"""A model that may not be silent for long; innermost of the wrappers, so that silence counts.

The SDKs' read timeout sees bytes: a provider that sends pings and no text satisfies it for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from worker.llm.errors import ModelUnavailable
from worker.llm.model import Chunk, Model, ModelRequest
from worker.llm.wrapper import Wrapper


@dataclass(frozen=True, kw_only=True)
class Silences:
    """The longest ones, in seconds: before the first chunk, and between two."""

    first_token_s: float
    idle_s: float


class Timeouts(Wrapper):
    """Raises ModelUnavailable for a silence that is too long."""

    def __init__(self, model: Model, silences: Silences) -> None:
        super().__init__(model)
        self._silences = silences

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Chunk]:
        """See `worker.llm.model.Model`."""
        limit_s, when = self._silences.first_token_s, "before its first token"
        try:
            async with _Patience() as patience, aclosing(self._model.stream(request)) as chunks:
                while True:
                    # Around the wait only: a limit that spans a `yield` would end the reader.
                    patience.begin(limit_s)
                    chunk = await anext(chunks, None)
                    patience.end()
                    if chunk is None:
                        return
                    yield chunk
                    limit_s, when = self._silences.idle_s, "in its reply"
        except TimeoutError as exc:
            raise ModelUnavailable(self.model_id, f"silent {when}") from exc


class _Patience:
    """One timer for all waits of a stream, moved only when it rings: an `asyncio.timeout` around
    each costs a chunk 5 us, a seventh of its whole way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None
        self._ends_at: float | None = None

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self._timeout.__aexit__(kind, exc, traceback)

    def begin(self, limit_s: float) -> None:
        """A wait begins that may last `limit_s`; then the block ends with TimeoutError."""
        self._ends_at = self._loop.time() + limit_s
        if self._timer is not None and self._timer.when() > self._ends_at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._ends_at, self._ring)

    def end(self) -> None:
        """The wait was not too long."""
        self._ends_at = None
        if self._timeout.when() is not None:  # it rang in the same turn of the loop
            self._timeout.reschedule(None)

    def _ring(self) -> None:
        self._timer = None
        if self._ends_at is None:
            return  # between two waits; the next one sets it
        if self._ends_at > self._loop.time():
            self._timer = self._loop.call_at(self._ends_at, self._ring)
        else:
            self._timeout.reschedule(self._loop.time())
