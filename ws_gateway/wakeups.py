"""Keeps this node subscribed to its pub/sub channels.

The subscription has a Redis connection of its own. When that breaks, or falls silent, a new one is
made, and then everything is compared with what is written at once: what was published meanwhile is
lost.

What is published is heard in the event loop's own call, before any task runs: between an event and
the socket stands nothing that waits.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from redis.asyncio import ConnectionPool

from prosa.redis_wire import RedisWire
from prosa.sturdy_connection import open_wire
from ws_gateway.hearing import Hearing
from ws_gateway.metrics import Counts
from ws_gateway.redis_errors import REDIS_AWAY

log = logging.getLogger(__name__)

SILENCE_S = 5.0
"""Redis is pinged this often; it has the pool's timeout to answer, or is given up."""

RETRY_FIRST_S = 0.1
RETRY_MOST_S = 2.0


class Wakeups:
    """`pool` answers in bytes. `on_subscribed` is awaited after each subscription, the first one
    included; if it raises what Redis raises, the subscription counts as lost too and is made anew.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        hearing: Hearing,
        *,
        counts: Counts,
        on_subscribed: Callable[[], Awaitable[None]],
    ) -> None:
        self._pool = pool
        self._hearing = hearing
        self._counts = counts
        self._on_subscribed = on_subscribed
        self._subscribed: set[str] = set()
        self._is_subscribed = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        wait_s = RETRY_FIRST_S
        while True:
            try:
                wire = await open_wire(self._pool, hear=self._hear)
                try:
                    await self._subscribe(wire)
                    wait_s = RETRY_FIRST_S
                    await self._on_subscribed()
                    await _keep_alive(wire)
                finally:
                    wire.close()
            except REDIS_AWAY as exc:
                log.warning("wakeups_lost", extra={"error": repr(exc)})
            await asyncio.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311 - jitter
            wait_s = min(RETRY_MOST_S, wait_s * 2)

    async def _subscribe(self, wire: RedisWire) -> None:
        self._subscribed.clear()
        self._is_subscribed.clear()
        wire.tell(("SUBSCRIBE", *self._hearing.channels))
        async with asyncio.timeout(SILENCE_S):
            await self._is_subscribed.wait()
        self._counts.subscriptions += 1
        log.info("wakeups_subscribed", extra={"channels": self._hearing.channels})

    def _hear(self, pushed: Sequence[Any]) -> None:
        kind, channel = pushed[0], pushed[1].decode()
        if kind == b"message":
            self._hearing.hear(channel, pushed[2])
        elif kind == b"subscribe":
            self._subscribed.add(channel)
            if self._subscribed.issuperset(self._hearing.channels):
                self._is_subscribed.set()


async def _keep_alive(wire: RedisWire) -> None:
    """Ask for a sign of life now and then, until there is none. Raises what Redis raises."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                await wire.wait_lost()
        except TimeoutError:
            pass
        await wire.ask(("PING",))
