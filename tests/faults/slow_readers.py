"""Clients that read too slowly, or not at all, with next to no room for what they have not read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

from websockets.exceptions import ConnectionClosed

from prosa.ids import UserId
from tests.faults.ground import Ground
from tests.integration.lambdas.gateway import a_caller
from tests.integration.ws_gateway.clients import Client, connected


class SlowReader:
    """A second page of `user_id`, which reads `bytes_per_s`; 0 never reads."""

    def __init__(self, ground: Ground, user_id: UserId, *, bytes_per_s: int) -> None:
        self.user_id = user_id
        self.is_stalled = bytes_per_s == 0
        self.connection_id = ""
        self.numbers: list[int] = []
        self._bytes_per_s = bytes_per_s
        self._ground = ground
        self._cursor: str | None = None
        self._is_open = asyncio.Event()
        self._is_over = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open a socket and begin to be slow. Raises what a refused handshake does."""
        self._reading = asyncio.create_task(self._read_slowly())
        opening = asyncio.create_task(self._is_open.wait())
        await asyncio.wait({opening, self._reading}, return_when=asyncio.FIRST_COMPLETED)
        if self._reading.done():
            opening.cancel()
            self._reading.result()

    async def stop(self) -> None:
        """Lose the connection without a word; what was not read is gone with it."""
        self._is_over.set()
        if self._reading is not None:
            await self._reading

    @asynccontextmanager
    async def resumed(self, count: int) -> AsyncGenerator[None]:
        """Resume at another page, which reads; the block begins when it saw `count` in all."""
        async with connected(self._port(), await self._ticket(), self._cursor) as client:
            await client.read_events(count - len(self.numbers))
            self.numbers += client.numbers
            yield

    async def _read_slowly(self) -> None:
        async with connected(self._port(), await self._ticket(), is_tiny=True) as client:
            self.connection_id = client.connected["connection_id"]
            self._is_open.set()
            try:
                if self.is_stalled:
                    await self._is_over.wait()
                else:
                    await self._crawl(client)
            finally:
                self.numbers, self._cursor = client.numbers, client.cursor
                client.socket.transport.abort()

    async def _crawl(self, client: Client) -> None:
        """One event at a time: the pace is what is looked at."""
        with suppress(ConnectionClosed):
            while not self._is_over.is_set():
                frame = await client.read()
                with suppress(TimeoutError):
                    pause_s = len(str(frame)) / self._bytes_per_s
                    await asyncio.wait_for(self._is_over.wait(), pause_s)

    async def _ticket(self) -> str:
        answer = await self._ground.api.call("POST", "/ws-tickets", caller=a_caller(self.user_id))
        return answer.json["ticket"]

    def _port(self) -> int:
        return self._ground.gateway_ports()[0]


@asynccontextmanager
async def reading_slowly(readers: Sequence[SlowReader]) -> AsyncGenerator[None]:
    """Keep their sockets open, as far as the gateway does, while the block runs."""
    try:
        for reader in readers:
            await reader.start()
        yield
    finally:
        await asyncio.gather(*(reader.stop() for reader in readers))
