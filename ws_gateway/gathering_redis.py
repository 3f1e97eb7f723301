"""A Redis client whose commands share round trips.

A node whose clients all come back at once asks Redis one small thing for each. What redis-py does
around a command (a connection from the pool, a write, a read, their timeouts) costs several times
what the command does; here it is done once for all that were asked for meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from redis.asyncio import ConnectionPool, Redis

MOST_COMMANDS = 64
"""In one round trip: bounds how long the first waits for the last."""

ROUND_TRIPS_AT_ONCE = 2
"""So that Redis has something to do while answers are handed out."""


@dataclass(frozen=True, slots=True)
class _Asked:
    args: tuple[Any, ...]
    options: dict[str, Any]
    answer: asyncio.Future[Any]


class GatheringRedis(Redis):
    """What is asked for while answers are awaited goes out in the next round trip, in that order.

    A connection that breaks fails all commands of its round trip; any of them may have been
    carried out, as with any client. A caller that is cancelled disturbs no other one; its command
    is carried out unless it had not been sent. A command that blocks inside Redis would hold up all
    others: ask it of another client.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        """Stand on `pool`, which is closed with the client."""
        super().__init__(connection_pool=pool)  # pyright: ignore[reportUnknownMemberType]
        self.auto_close_connection_pool = True
        self._asked: list[_Asked] = []
        self._senders: set[asyncio.Task[None]] = set()

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - redis-py's
        """Raises `redis.RedisError` or OSError when Redis does not answer."""
        asked = _Asked(args, options, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        if len(self._senders) < ROUND_TRIPS_AT_ONCE:
            sender = asyncio.create_task(self._send(), name="redis round trips")
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await asked.answer

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - redis-py's signature
        for sender in tuple(self._senders):
            sender.cancel()
        for each in self._asked:
            each.answer.cancel()
        await super().aclose(close_connection_pool)

    async def _send(self) -> None:
        while self._asked:
            together, self._asked = self._asked[:MOST_COMMANDS], self._asked[MOST_COMMANDS:]
            await self._round_trip([each for each in together if not each.answer.done()])

    async def _round_trip(self, together: list[_Asked]) -> None:
        pipe: Any = self.pipeline(transaction=False)
        for each in together:
            pipe.execute_command(*each.args, **each.options)
        try:
            answers: list[Any] = await pipe.execute(raise_on_error=False)
        except asyncio.CancelledError:
            for each in together:
                each.answer.cancel()
            raise
        except Exception as exc:  # noqa: BLE001 - handed to those who asked
            answers = [exc] * len(together)
        for each, answer in zip(together, answers, strict=True):
            _hand_out(each.answer, answer)


def _hand_out(future: asyncio.Future[Any], answer: object) -> None:
    if future.done():  # its caller was cancelled
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
