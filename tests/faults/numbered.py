"""Numbered events in users' logs: who counts them sees what was lost, doubled or out of order.

The rig writes them as a worker does, without a model and a queue behind them: many users, one call.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from prosa.event_log.log import EventLog
from prosa.event_log.protocol import Append
from prosa.ids import UserId
from prosa.redis_client import connect
from tests.integration.ws_gateway.clients import numbered

AT_ONCE = 200
"""Events of one call, about as many as a busy worker's tick holds."""


class Numbered:
    """The events of each user are numbered from 0."""

    def __init__(self, redis: Redis, *, text: str) -> None:
        """`text` is what each event carries."""
        self.log = EventLog(redis)
        self.told_at: dict[UserId, list[float]] = defaultdict(list)
        """When each event was written, monotonic seconds; its number is its index."""
        self.named_at: dict[str, float] = {}
        """When the map last named a node as one to wake: no later than the call that told so."""
        self._text = text

    async def tell(self, users: Sequence[UserId]) -> None:
        """Write the next event of each user, and wake the gateways."""
        for start in range(0, len(users), AT_ONCE):
            chunk, began = users[start : start + AT_ONCE], time.monotonic()
            appends: list[Append] = []
            for user_id in chunk:
                told = self.told_at[user_id]
                appends.append(Append(user_id, numbered(len(told), text=self._text)))
                told.append(began)
            for result in await self.log.append(appends):
                self.named_at |= dict.fromkeys(result.nodes, began)

    def count(self, user_id: UserId) -> int:
        """How many events this user has by now."""
        return len(self.told_at[user_id])


@asynccontextmanager
async def numbered_events(redis_url: str, *, text: str = "x") -> AsyncGenerator[Numbered]:
    """Write to this Redis while the block runs."""
    async with connect(redis_url) as redis:
        yield Numbered(redis, text=text)
