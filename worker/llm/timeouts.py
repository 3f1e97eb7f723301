"""A model that may not be silent for long; innermost of the wrappers, so that silence counts.

The SDKs' read timeout sees bytes: a provider that sends pings and no text satisfies it for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

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
        async with aclosing(self._model.stream(request)) as chunks:
            while True:
                try:
                    # Around the wait only: a timeout that spans a `yield` would end the reader.
                    async with asyncio.timeout(limit_s):
                        chunk = await anext(chunks, None)
                except TimeoutError as exc:
                    raise ModelUnavailable(self.model_id, f"silent {when}") from exc
                if chunk is None:
                    return
                yield chunk
                limit_s, when = self._silences.idle_s, "in its reply"
