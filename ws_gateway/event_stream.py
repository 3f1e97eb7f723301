"""A connection that is an event stream: the same log over plain HTTP (HTML, 9.2, "SSE").

For networks that break WebSockets. It carries what a socket carries, `id` being the cursor, and
nothing the other way: its client cancels over the API, and comes back for another session.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine

from aiohttp.abc import AbstractStreamWriter

from ws_gateway.connection import Admission, Connection
from ws_gateway.outgoing import Outgoing

_BEAT = b":\n\n"
"""A comment: tells proxies and the page that the stream is alive."""


class EventStreamConnection(Connection):
    """Writes chunks past `StreamResponse.write`, which would wait for a reader that is slow."""

    __slots__ = ("_close_code", "_close_timeout_s", "_ended", "_transport", "_writer")

    kind = "event_stream"

    def __init__(
        self,
        transport: asyncio.Transport,
        writer: AbstractStreamWriter,
        admission: Admission,
        *,
        write_buffer: int,
        close_timeout_s: float,
    ) -> None:
        super().__init__(admission)
        transport.set_write_buffer_limits(high=write_buffer)
        self._transport = transport
        self._writer = writer
        self._close_timeout_s = close_timeout_s
        self._close_code: int | None = None
        self._ended = asyncio.Event()

    @property
    def close_code(self) -> int | None:
        return self._close_code

    @property
    def is_open(self) -> bool:
        return self._close_code is None and not self._transport.is_closing()

    @property
    def is_congested(self) -> bool:
        _, high = self._transport.get_write_buffer_limits()
        return self._transport.get_write_buffer_size() > high

    def send(self, *messages: Outgoing) -> None:
        if self.is_open:
            self.last_active_at = time.time()
            self._transport.write(_chunk(b"".join([message.record for message in messages])))

    async def drained(self, *, within_s: float) -> None:
        async with asyncio.timeout(within_s):
            await self._writer.drain()

    async def beat(self, every_s: float) -> None:
        """Show every so often that it is alive, until it is closed."""
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(every_s):
                    await self._ended.wait()
            except TimeoutError:
                if self.is_open and not self.is_congested:
                    self._transport.write(_chunk(_BEAT))

    def close(self, code: int, reason: str) -> Coroutine[None, None, None]:
        if self._close_code is None and not self._transport.is_closing():
            body = json.dumps({"code": code, "reason": reason})
            self._transport.write(_chunk(f"event: close\ndata: {body}\n\n".encode()) + b"0\r\n\r\n")
            self._close_code = code
        self._ended.set()
        return self._close()

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(self._close_timeout_s):
                await self._writer.drain()
        except OSError:  # TimeoutError is one
            self._transport.abort()
        else:
            self._transport.close()


def _chunk(data: bytes) -> bytes:
    """One chunk of a response whose length is not known (RFC 9112, 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)
