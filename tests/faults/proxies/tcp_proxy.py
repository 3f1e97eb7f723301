"""A way to a real part over TCP that can be blocked, cut and held up."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.faults.proxies.background import Background, Record, unrecorded

CHUNK = 64 * 1024
STOP_S = 5.0


@dataclass(eq=False)
class Link:
    """One connection through the proxy: the client's end and the part's."""

    client: asyncio.StreamWriter
    part: asyncio.StreamWriter

    def reset(self) -> None:
        """End both ends with RST: no lingering, no goodbye."""
        for writer in (self.client, self.part):
            reset(writer.transport)


_Passes = Callable[[Link, bytes], bool]
"""Whether bytes go on; if not, the connection ends here."""


class TcpProxy(Background):
    """Forwards connections to `target`.

    Blocked, it resets those there are and every new one; frozen, it takes what comes and says
    nothing, as a part that hangs does.
    """

    def __init__(self, target: tuple[str, int], *, record: Record = unrecorded) -> None:
        super().__init__(record=record)
        self._target = target
        self._is_blocked = threading.Event()
        self._flows = asyncio.Event()
        self._flows.set()
        self.refused = 0
        self._links: set[Link] = set()
        self._serving: set[asyncio.Task[None]] = set()

    def block(self) -> None:
        self._is_blocked.set()
        self.reset_all()

    def unblock(self) -> None:
        self._is_blocked.clear()

    def freeze(self) -> None:
        """Hold up what comes from either side."""
        self._soon(self._flows.clear)

    def thaw(self) -> None:
        """Let it go on, in order and nothing lost."""
        self._soon(self._flows.set)

    def reset_all(self) -> None:
        """Reset the connections there are; new ones are taken."""
        self._soon(self._reset_all)

    def _reset_all(self) -> None:
        for link in self._links:
            link.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._link(reader, writer)
        finally:
            self._serving.discard(task)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_blocked.is_set():
            self.refused += 1
            reset(writer.transport)
            return
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:  # the part is down: so is the way to it
            reset(writer.transport)
            return
        link = self._made(writer, back)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._carry(reader, back, link, self._sent),
                self._carry(there, writer, link, self._answered),
            )
        finally:
            self._links.discard(link)

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        link: Link,
        passes: _Passes,
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(CHUNK):
                await self._flows.wait()
                if not passes(link, chunk):
                    link.reset()
                    return
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()

    def _made(self, client: asyncio.StreamWriter, part: asyncio.StreamWriter) -> Link:
        return Link(client, part)

    def _sent(self, link: Link, chunk: bytes) -> bool:
        """A client said something; whether the part hears it."""
        del link, chunk
        return True

    def _answered(self, link: Link, chunk: bytes) -> bool:
        """The part did; whether the client hears it."""
        del link, chunk
        return True

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        """See `Background`."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await stop.wait()
            self._flows.set()
            self._reset_all()
            if self._serving:
                await asyncio.wait(self._serving, timeout=STOP_S)


def reset(transport: asyncio.WriteTransport) -> None:
    """Close with RST, so that the other end meets an error and no end of file."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
