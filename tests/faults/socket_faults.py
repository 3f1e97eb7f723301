"""What a client may send that was let in, and means harm: bombs, giants and floods.

Written past the library, which would send none of it.
"""

from __future__ import annotations

import asyncio
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.frames import Frame, Opcode

from tests.faults.raw_connections import CLOSED
from tests.integration.ws_gateway.clients import address

LIMIT = 16 * 1024
"""The largest message that the gateway reads, in bytes."""

GOES_BAD, TOO_BIG, TOO_MANY = 1002, 1009, 4429
RSV1 = 0x40
"""The bit of a frame that is compressed (RFC 7692, 6)."""

CHUNKS = 400
"""After so many frames a sender that is not cut off gives up."""

_BOMB = zlib.compress(bytes(8 * 1024 * 1024))
"""8 MiB of nothing, small enough to be read as a frame."""


@dataclass(frozen=True, kw_only=True)
class Harm:
    """One kind. `frames` go out one after the other; the socket must be closed with `code`."""

    frames: Callable[[random.Random], Iterator[bytes]]
    code: int


async def closed_with(port: int, ticket: str, harm: Harm, chance: int, *, within_s: float) -> str:
    """Open a socket, do harm, and give the code it is closed with.

    `CLOSED` where the handshake was cut off. Offers compression, which the gateway must not take.
    """
    try:
        async with (
            asyncio.timeout(within_s),
            connect(
                address(port, ticket), compression="deflate", ping_interval=None, close_timeout=1
            ) as socket,
        ):
            if socket.protocol.extensions:
                return "took the compression"
            sending = asyncio.create_task(_send(socket, harm.frames(random.Random(chance))))
            try:
                await _read_all(socket)
            finally:
                sending.cancel()
            return str(socket.close_code)
    except TimeoutError:
        return "still open"
    except (InvalidMessage, ConnectionError):
        return CLOSED


async def _send(socket: ClientConnection, frames: Iterator[bytes]) -> None:
    for data in frames:
        if socket.transport.is_closing():
            return
        socket.transport.write(data)
        with suppress(ConnectionClosed):
            await socket.drain()


async def _read_all(socket: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        while True:
            await socket.recv()


def _frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin=fin).serialize(mask=True)


def _compressed(_: random.Random) -> Iterator[bytes]:
    """A frame that says it is compressed, as if that had been agreed on."""
    first, *rest = _frame(Opcode.TEXT, _BOMB)
    yield bytes([first | RSV1, *rest])


def _huge(chance: random.Random) -> Iterator[bytes]:
    """A frame that says it is up to 2^62 bytes long, and begins."""
    length = 1 << chance.randint(20, 62)
    yield struct.pack("!BBQ", 0x81, 0x80 | 127, length) + bytes(4)
    for _ in range(CHUNKS):
        yield bytes(1024)


def _fat_fragments(chance: random.Random) -> Iterator[bytes]:
    """A message without an end, in parts that soon are too much together."""
    size = chance.randint(2048, LIMIT - 1)
    yield _frame(Opcode.TEXT, b"x" * size, fin=False)
    for _ in range(CHUNKS):
        yield _frame(Opcode.CONT, b"x" * size, fin=False)


def _thin_fragments(chance: random.Random) -> Iterator[bytes]:
    """The same in parts of no size, which would never be too much."""
    data = b"x" * chance.randint(0, 2)
    yield _frame(Opcode.TEXT, data, fin=False)
    for _ in range(CHUNKS):
        yield _frame(Opcode.CONT, data, fin=False)


def _oversize(chance: random.Random) -> Iterator[bytes]:
    size = LIMIT + chance.choice([1, 100, 50_000, 1_000_000])
    yield _frame(chance.choice([Opcode.TEXT, Opcode.BINARY]), b"x" * size)


def _pings(chance: random.Random) -> Iterator[bytes]:
    for _ in range(CHUNKS):
        yield _frame(chance.choice([Opcode.PING, Opcode.PONG]), chance.randbytes(4)) * 10


BOMBS: Mapping[str, Harm] = {
    "compressed_bomb": Harm(frames=_compressed, code=GOES_BAD),
    "huge_frame": Harm(frames=_huge, code=TOO_BIG),
    "fat_fragments": Harm(frames=_fat_fragments, code=TOO_BIG),
    "thin_fragments": Harm(frames=_thin_fragments, code=TOO_MANY),
}
OVERSIZE: Mapping[str, Harm] = {"oversize": Harm(frames=_oversize, code=TOO_BIG)}
FLOODS: Mapping[str, Harm] = {"ping_flood": Harm(frames=_pings, code=TOO_MANY)}
HARM: Mapping[str, Harm] = {**BOMBS, **OVERSIZE, **FLOODS}
