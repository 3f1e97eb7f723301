"""A Redis client that sends the commands of all callers over one connection.

redis-py gives each command a connection of its own, for as long as it is under way. That costs
several times what the command does: 490 µs for a PING that a bare socket gets in 140. Redis answers
in the order it is asked, so commands need not wait for each other's answers on one connection; and
whoever shares it can be told of each answer by the event loop itself.

Connections are made by redis-py: addresses, TLS, sign-in and its protocol are its own.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

from redis.asyncio import ConnectionPool, Redis

from prosa.redis_wire import RedisWire
from prosa.sturdy_connection import open_wire


class MultiplexedRedis(Redis):
    """What is asked for first is sent, carried out and answered first.

    A connection that breaks, or is silent for longer than its timeout, fails all commands under
    way; any of them may have been carried out, as with any client. The next command opens a new
    one. A caller that is cancelled disturbs no other one; its command is carried out.

    A command that blocks inside Redis would hold up all others: ask it of another client.
    Pipelines and subscriptions have connections of their own, from the pool.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        """Stand on `pool`, which is closed with the client."""
        super().__init__(connection_pool=pool)  # pyright: ignore[reportUnknownMemberType]  # a gap
        self.auto_close_connection_pool = True
        # Looked up in a plain dict: redis-py's own knows a name in any case, and takes 10 µs.
        self._readers = dict(self.response_callbacks)
        self._wire: RedisWire | None = None
        self._opening: asyncio.Task[RedisWire] | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as redis-py's
        """Raises `redis.RedisError` when Redis refuses or does not answer."""
        wire = self._wire
        if wire is None or wire.is_lost:
            wire = await self._open()
        answer = await wire.ask(args)
        read = self._readers.get(args[0])
        if read is None:
            return answer
        options.pop("keys", None)  # of redis-py's own cache, which this client has not
        found = read(answer, **options)
        return await found if inspect.isawaitable(found) else found

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - as redis-py's
        if self._opening is not None:
            self._opening.cancel()
        if self._wire is not None:
            self._wire.close()
        await super().aclose(close_connection_pool)

    async def _open(self) -> RedisWire:
        """Open one connection, for however many wait for it."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._connect(), name="open a Redis connection")
        return await asyncio.shield(self._opening)

    async def _connect(self) -> RedisWire:
        try:
            wire = await open_wire(self.connection_pool)
        finally:
            self._opening = None
        self._wire = wire
        return wire
