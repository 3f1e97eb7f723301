"""One connection to Redis that many callers write commands to, each told of its own answer."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Silent

Hear = Callable[[Sequence[Any]], None]

NOTHING_YET = object()
"""What the parser says when it has no whole answer."""


class RedisWire(asyncio.Protocol):
    """Speaks on a connection that is signed in.

    `reader` says NOTHING_YET between answers, `pack` writes a command as bytes. `timeout_s` is how
    long Redis may take for an answer. `hear` is called with what Redis pushes unasked: messages of
    subscriptions, as [kind, channel, data].
    """

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        reader: hiredis.Reader,
        pack: Callable[..., list[bytes]],
        *,
        timeout_s: float,
        hear: Hear | None = None,
    ) -> None:
        self._writer = writer  # kept: it closes its transport when nobody holds it
        self._transport = writer.transport
        self._reader = reader
        self._pack = pack
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._unsent: list[bytes] = []
        self._under_way: deque[tuple[float, asyncio.Future[Any]]] = deque()
        """When each was asked, on the loop's clock, and who waits for its answer."""
        self._watch: asyncio.TimerHandle | None = None
        self._hear = hear
        self._lost = asyncio.Event()

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be asked any more."""
        return self._lost.is_set()

    async def wait_lost(self) -> None:
        """Wait until it is."""
        await self._lost.wait()

    def ask(self, command: Sequence[Any]) -> asyncio.Future[Any]:
        """Send a command. The future gets its answer, or the error Redis answered.

        Raises `redis.ConnectionError`, here or in the future, when the connection is lost, and
        `redis.TimeoutError` in the future when it is silent.
        """
        self.tell(command)
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._under_way.append((self._loop.time(), answer))
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout_s, self._look)
        return answer

    def tell(self, command: Sequence[Any]) -> None:
        """Send a command that is not answered but by pushes, as subscribing is.

        Raises `redis.ConnectionError` when the connection is lost.
        """
        if self.is_lost:
            raise ConnectionLost("The connection is lost.")
        if not self._unsent:
            self._loop.call_soon(self._send)
        self._unsent += self._pack(*command)

    def _send(self) -> None:
        """Write what was asked in this turn of the loop at once: a system call costs more than
        most commands."""
        unsent, self._unsent = self._unsent, []
        if not self.is_lost:
            self._transport.write(b"".join(unsent))

    def close(self) -> None:
        """Let go of it; whoever waits gets `redis.ConnectionError`."""
        self._lose(ConnectionLost("The connection was closed."))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (answer := self._reader.gets()) is not NOTHING_YET:
                self._answered(answer)
        except RedisError as exc:
            self._lose(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(ConnectionLost(f"The connection was lost: {exc!r}."))

    def _answered(self, answer: object) -> None:
        if isinstance(answer, hiredis.PushNotification):
            if self._hear is not None:
                self._hear(answer)
            return
        _, future = self._under_way.popleft()
        if future.done():  # its caller was cancelled
            return
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def _look(self) -> None:
        """Give up a connection whose oldest command waits for too long; else look again."""
        self._watch = None
        if self.is_lost or not self._under_way:
            return
        left_s = self._under_way[0][0] + self._timeout_s - self._loop.time()
        if left_s > 0:
            self._watch = self._loop.call_later(left_s, self._look)
        else:
            self._lose(Silent("Redis does not answer."))

    def _lose(self, error: RedisError) -> None:
        self._lost.set()
        self._transport.abort()
        waiting, self._under_way = self._under_way, deque()
        for _, future in waiting:
            if not future.done():
                future.set_exception(cast(Any, type(error))(*error.args))
