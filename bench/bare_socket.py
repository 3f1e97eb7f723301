"""One bare WebSocket client and what it does with the frames it reads; thousands are cheap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import cast

TOKEN = b"word "
"""What `token_worker.py` says, again and again."""

_CLOSE, _PING = 8, 9


class Reader:
    """What becomes of the text frames of a group of sockets: they are counted."""

    def __init__(self) -> None:
        self.frames = 0
        self.tokens = 0
        self.last = 0.0

    def take(self, which: Socket, data: bytes, begin: int, end: int) -> None:
        """One text frame, `data[begin:end]`."""
        del which
        self.frames += 1
        self.tokens += data.count(TOKEN, begin, end)
        self.last = time.perf_counter()


class DelayReader(Reader):
    """Notes how old each event is; its text begins with when it was said (`stamp`)."""

    def __init__(self) -> None:
        super().__init__()
        self.delays: list[float] = []

    def take(self, which: Socket, data: bytes, begin: int, end: int) -> None:
        now = time.monotonic_ns()
        super().take(which, data, begin, end)
        at = data.find(_TEXT, begin, end)
        if at >= 0:
            at += len(_TEXT)
            self.delays.append((now - int(data[at : at + STAMP])) / 1e6)


class SequenceReader(Reader):
    """Checks that each socket's events come in order, each once, also over a new connection."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = 0

    def take(self, which: Socket, data: bytes, begin: int, end: int) -> None:
        super().take(which, data, begin, end)
        at = data.find(_INDEX, begin, end)
        if at < 0:
            if data.startswith(b'{"type":"resync"', begin):
                self.faults += 1
            return
        number = int(data[at + len(_INDEX) : data.index(b",", at)])
        self.faults += abs(number - which.newest - 1)
        which.newest = number
        cursor = begin + len(_CURSOR)
        which.cursor = data[cursor : data.index(b'"', cursor)].decode()


READERS: dict[str, type[Reader]] = {
    "count": Reader,
    "delays": DelayReader,
    "sequence": SequenceReader,
}
STAMP = 20
_TEXT, _INDEX, _CURSOR = b'"text":"', b'"index":', b'{"cursor":"'


def stamp() -> str:
    """The time now as the text of an event begins with it: the clock all processes share."""
    return f"{time.monotonic_ns():0{STAMP}d}"


class Socket(asyncio.Protocol):
    """One WebSocket. `newest` and `cursor` are its place, for a reader that keeps it."""

    def __init__(self, reader: Reader, path: str) -> None:
        self.reader = reader
        self.path = path
        self.newest = -1
        self.cursor = ""
        self.frames = 0
        self.is_open = False
        self.is_lost = False
        self.moved: Callable[[], None] | None = None
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.is_open, self.is_lost = False, True
        self._tell()

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
        at = 0
        if not self.is_open:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._rest = data
                return
            self.is_open = data.startswith(b"HTTP/1.1 101")
            if not self.is_open:
                self.abort()
                return
        self._rest = data[self._frames(data, at) :]
        if self.moved is not None:
            self.moved()

    def _frames(self, data: bytes, at: int) -> int:
        """Take the whole frames of `data`; gives where the rest begins."""
        size = len(data)
        while size - at >= 2:
            length, begin = data[at + 1], at + 2
            if length == 126:
                begin += 2
                length = int.from_bytes(data[at + 2 : begin], "big")
            end = begin + length
            if begin > size or end > size:
                break
            opcode = data[at] & 0x0F
            if opcode < _CLOSE:
                self.frames += 1
                self.reader.take(self, data, begin, end)
            elif opcode == _PING and self._transport is not None:
                self._transport.write(bytes((0x8A, 0x80 | length, 0, 0, 0, 0)) + data[begin:end])
            at = end
        return at

    def pause(self) -> None:
        """Read no more."""
        assert self._transport is not None
        self._transport.pause_reading()

    def abort(self) -> None:
        """Reset the connection: the server learns of it, and no port is held by a TIME_WAIT."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()

    def _tell(self) -> None:
        if self.moved is not None:
            self.moved()
