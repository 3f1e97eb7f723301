"""What the paid providers have in common: keys, timeouts, a guess at tokens."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2

from prosa.errors import SettingsError, Unavailable
from prosa.parameters import Parameters
from worker.llm.errors import ModelMisconfigured, ModelUnavailable

BYTES_PER_TOKEN = 3
"""English has about four bytes a token, code and other scripts fewer. The providers count exactly,
but only over the network, and the budget lies far below what they would refuse."""

MAX_RETRIES = 0
"""Of the SDKs. They retry twice by default, below our own retries and the queue's: a request that
fails would be sent 27 times, each billed."""

LONGEST_RETRY_AFTER_S = 60.0

WRITE_TIMEOUT_S = 10.0
POOL_TIMEOUT_S = 5.0

FetchKey = Callable[[], Awaitable[str]]
"""Gives the API key, as new as Parameter Store has it. Raises ModelError."""


@dataclass(frozen=True, kw_only=True)
class ProviderLimits:
    """See the settings of the same names."""

    context_tokens: int
    connect_timeout_s: float
    read_timeout_s: float

    def timeout(self) -> httpx2.Timeout:
        """Every phase has its own limit; `read` bounds each silence, not the whole reply.

        The SDKs' aiohttp transport counts the connecting into `pool` too, and has no limit on
        writes: there the job's deadline is one.
        """
        return httpx2.Timeout(
            connect=self.connect_timeout_s,
            read=self.read_timeout_s,
            write=WRITE_TIMEOUT_S,
            pool=POOL_TIMEOUT_S,
        )


def estimate_tokens(text: str) -> int:
    """Count about, rather too many."""
    return math.ceil(len(text.encode()) / BYTES_PER_TOKEN)


def key_fetcher(parameters: Parameters, name: str, *, model_id: str) -> FetchKey:
    """Read `name` when it is needed; Parameters keeps it for five minutes."""

    async def fetch() -> str:
        try:
            return await asyncio.to_thread(parameters.get, name)
        except SettingsError as exc:
            raise ModelMisconfigured(model_id, exc.detail) from exc
        except Unavailable as exc:
            raise ModelUnavailable(model_id, exc.detail) from exc

    return fetch


def retry_after_s(response: httpx2.Response) -> float | None:
    """What the provider wishes, in seconds and within reason; None when it names no number."""
    for header, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(response.headers.get(header, "")) * scale
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, LONGEST_RETRY_AFTER_S)
    return None
