"""`python -m bench.socket_load`: holds thousands of WebSockets and reads what they are sent.

A helper (`helpers.py`). Bare protocols with a handshake written by hand: a client library would
spend more than the servers that are measured. Answers pings, or it would be cut off.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from bench.gateway_process import paths
from bench.helpers import obey
from prosa.ids import UserId
from prosa.redis_client import connect_blocking

AT_ONCE = 200
"""Handshakes under way, unless an order says otherwise."""

GIVE_UP_S = 240.0
TINY_BYTES = 4096
TOKEN = b"word "
"""What `token_worker.py` says, again and again."""

_RESET = struct.pack("ii", 1, 0)
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


class Load:
    """The sockets by group; every order names its group."""

    def __init__(self) -> None:
        self._groups: dict[str, list[Socket]] = {}
        self._readers: dict[str, Reader] = {}

    async def open(
        self,
        *,
        group: str,
        port: int,
        paths: Sequence[str],
        reader: str = "count",
        frames: int = 0,
        is_tiny: bool = False,
    ) -> dict[str, Any]:
        """Open a socket for each path, in a new group or one that is there; each is done after its
        handshake and `frames` frames.

        Gives the seconds it took. `is_tiny` leaves the kernel next to no room for what is unread.
        """
        if group not in self._groups:
            self._groups[group], self._readers[group] = [], READERS[reader]()
        sockets = [Socket(self._readers[group], path) for path in paths]
        self._groups[group] += sockets
        began = time.perf_counter()
        await _connect_all(sockets, port, frames=frames, at_once=AT_ONCE, is_tiny=is_tiny)
        return {"took_s": time.perf_counter() - began}

    async def expect(
        self, *, group: str, frames: int = 0, tokens: int = 0, within_s: float = GIVE_UP_S
    ) -> dict[str, Any]:
        """Wait until the group has read so much since it was opened; gives when it had, and all
        delays that it noted since the order before."""
        reader = self._readers[group]
        await _until(lambda: reader.frames >= frames and reader.tokens >= tokens, within_s=within_s)
        found = {"at": reader.last, "frames": reader.frames, "tokens": reader.tokens}
        if isinstance(reader, DelayReader):
            found |= _summary(reader.delays)
            reader.delays = []
        return found

    async def stall(self, *, group: str) -> dict[str, Any]:
        """Read no more of what this group is sent."""
        for each in self._groups[group]:
            each.pause()
        return {}

    async def close(self, *, group: str) -> dict[str, Any]:
        """Reset the group's connections."""
        for each in self._groups.pop(group):
            each.abort()
        await asyncio.sleep(0)
        return {}

    async def drop_and_resume(
        self, *, group: str, port: int, redis_url: str, users: Sequence[str]
    ) -> dict[str, Any]:
        """Reset all connections at once and come back with a new ticket, after the cursor.

        Gives the seconds until every socket had read what the others had before the drop.
        """
        old = self._groups[group]
        # The newest round may be under way; of the one before it no socket may lack its event.
        goal = max(each.newest for each in old) - 1
        began = time.perf_counter()
        for each in old:
            each.abort()
        with connect_blocking(redis_url) as redis:
            asked = paths(redis, [UserId(u) for u in users], after=[each.cursor for each in old])
        new = [_successor(each, path) for each, path in zip(old, asked, strict=True)]
        self._groups[group] = new
        await _connect_all(new, port, frames=1, at_once=len(new), is_tiny=False)
        await _until(lambda: all(each.newest >= goal for each in new), within_s=GIVE_UP_S)
        return {"took_s": time.perf_counter() - began}

    async def finish(self, *, group: str, newest: int, within_s: float) -> dict[str, Any]:
        """Wait for the event of that number at all sockets; gives how many events any socket
        lacks, had twice or out of order."""
        sockets = self._groups[group]
        with suppress(TimeoutError):
            await _until(lambda: all(s.newest >= newest for s in sockets), within_s=within_s)
        reader = cast(SequenceReader, self._readers[group])
        return {"faults": reader.faults + sum(newest - each.newest for each in sockets)}


async def _until(condition: Callable[[], bool], *, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - asked seldom, where an event would be set often
            await asyncio.sleep(0.005)


async def _connect_all(
    sockets: Sequence[Socket], port: int, *, frames: int, at_once: int, is_tiny: bool
) -> None:
    gate = asyncio.Semaphore(at_once)

    async def connect(one: Socket) -> None:
        async with gate:
            await _connect(one, port, frames=frames, is_tiny=is_tiny)

    await asyncio.gather(*(connect(each) for each in sockets))


async def _connect(one: Socket, port: int, *, frames: int, is_tiny: bool) -> None:
    """Open a socket and wait for so many frames. Raises RuntimeError when it is refused."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def moved() -> None:
        if (one.is_lost or (one.is_open and one.frames >= frames)) and not done.done():
            done.set_result(None)

    one.moved = moved
    tcp = socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    if is_tiny:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY_BYTES)
    tcp.setblocking(False)  # noqa: FBT003
    await loop.sock_connect(tcp, ("127.0.0.1", port))
    await loop.create_connection(lambda: one, sock=tcp)
    async with asyncio.timeout(GIVE_UP_S):
        await done
    one.moved = None
    if one.is_lost:
        raise RuntimeError("a socket was refused or lost")


def _successor(old: Socket, path: str) -> Socket:
    new = Socket(old.reader, path)
    new.newest, new.cursor = old.newest, old.cursor
    # What the old connection still reads is no longer read by anyone.
    old.reader = Reader()
    return new


def _summary(delays: list[float]) -> dict[str, float]:
    """In milliseconds."""
    if len(delays) < 2:
        return {}
    cuts = statistics.quantiles(delays, n=100)
    return {"p50_ms": cuts[49], "p99_ms": cuts[98]}


def main() -> None:
    load = Load()
    orders = {
        "open": load.open,
        "expect": load.expect,
        "stall": load.stall,
        "close": load.close,
        "drop_and_resume": load.drop_and_resume,
        "finish": load.finish,
    }
    obey(orders)


if __name__ == "__main__":
    main()
