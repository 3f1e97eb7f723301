"""`python -m bench.socket_load`: holds thousands of WebSockets and reads what they are sent.

A `Helper`. Bare protocols with a handshake written by hand: a client library would
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

from bench.bare_socket import READERS, DelayReader, Reader, SequenceReader, Socket
from bench.gateway_process import paths
from bench.helper_process import obey
from prosa.ids import UserId
from prosa.redis_client import connect_blocking

AT_ONCE = 200
"""Handshakes under way, unless an order says otherwise."""

GIVE_UP_S = 240.0
TINY_BYTES = 4096
_RESET = struct.pack("ii", 1, 0)


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
        delays that it noted since the order before.

        Raises TimeoutError, which says how many of its sockets were lost.
        """
        reader = self._readers[group]
        try:
            await _until(
                lambda: reader.frames >= frames and reader.tokens >= tokens, within_s=within_s
            )
        except TimeoutError as exc:
            lost = sum(each.is_lost for each in self._groups[group])
            came = f"{reader.frames} of {frames} frames, {reader.tokens} of {tokens} tokens came"
            raise TimeoutError(f"{came}; {lost} sockets were lost") from exc
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
