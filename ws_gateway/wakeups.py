"""Keeps this node subscribed to its pub/sub channels.

The subscription has a Redis connection of its own. When that breaks, or falls silent, a new one is
made, and then everything is compared with what is written at once: what was published meanwhile is
lost.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from ws_gateway.hearing import Hearing
from ws_gateway.metrics import Counts
from ws_gateway.redis_errors import REDIS_AWAY

log = logging.getLogger(__name__)

SILENCE_S = 5.0
"""After this long without a message Redis is pinged, after twice as long it is given up."""

RETRY_FIRST_S = 0.1
RETRY_MOST_S = 2.0


class Wakeups:
    """`redis` answers in bytes. `on_subscribed` is awaited after each subscription, the first one
    included; if it raises what Redis raises, the subscription counts as lost too and is made anew.
    """

    def __init__(
        self,
        redis: Redis,
        hearing: Hearing,
        *,
        counts: Counts,
        on_subscribed: Callable[[], Awaitable[None]],
    ) -> None:
        self._redis = redis
        self._hearing = hearing
        self._counts = counts
        self._on_subscribed = on_subscribed

    async def run(self) -> None:
        """Listen until cancelled."""
        wait_s = RETRY_FIRST_S
        while True:
            try:
                async with PubSub(self._redis.connection_pool) as pubsub:
                    await self._subscribe(pubsub)
                    wait_s = RETRY_FIRST_S
                    await self._on_subscribed()
                    await self._listen(pubsub)
            except REDIS_AWAY as exc:
                log.warning("wakeups_lost", extra={"error": repr(exc)})
            await asyncio.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311 - jitter
            wait_s = min(RETRY_MOST_S, wait_s * 2)

    async def _subscribe(self, pubsub: PubSub) -> None:
        left = set(self._hearing.channels)
        await pubsub.subscribe(*left)
        async with asyncio.timeout(SILENCE_S):
            while left:
                message = await _next_message(pubsub)
                if message is not None and message["type"] == "subscribe":
                    left.discard(message["channel"].decode())
        self._counts.subscriptions += 1
        log.info("wakeups_subscribed", extra={"channels": self._hearing.channels})

    async def _listen(self, pubsub: PubSub) -> None:
        """Take messages until the connection breaks. Raises what Redis raises, or TimeoutError."""
        is_asked = False
        while True:
            message = await _next_message(pubsub)
            if message is None:
                if is_asked:
                    raise TimeoutError("the subscription is silent")
                await pubsub.execute_command("PING")
            elif message["type"] == "message":
                self._hearing.hear(message["channel"].decode(), message["data"])
            is_asked = message is None


async def _next_message(pubsub: PubSub) -> Mapping[str, Any] | None:
    """The next message, be it a subscription's or a ping's answer; None after SILENCE_S."""
    return cast(Mapping[str, Any] | None, await pubsub.get_message(timeout=SILENCE_S))
