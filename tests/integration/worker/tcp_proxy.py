"""A way to a real part that a test can block: what cannot be killed because all tests share it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

CHUNK = 64 * 1024


class TcpProxy:
    """Forwards connections to `target`; blocked, it resets those there are and every new one."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.port = 0
        self._target = target
        self._is_blocked = threading.Event()
        self.refused = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()

    def block(self) -> None:
        self._is_blocked.set()
        self._loop.call_soon_threadsafe(self._reset_all)

    def unblock(self) -> None:
        self._is_blocked.clear()

    def _reset_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_blocked.is_set():
            self.refused += 1
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        there, back = await asyncio.open_connection(*self._target)
        both = {writer, back}
        self._writers |= both
        await asyncio.gather(_forward(reader, back), _forward(there, writer))
        self._writers -= both
        self._serving.discard(task)

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await stop.wait()
            self._reset_all()
            if self._serving:
                await asyncio.wait(self._serving)

    @contextmanager
    def running(self) -> Generator[TcpProxy]:
        started, stop = threading.Event(), asyncio.Event()

        def run() -> None:
            self._loop.run_until_complete(self.serve(started, stop))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        started.wait(timeout=10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join(timeout=10)
            self._loop.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()
