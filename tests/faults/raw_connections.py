"""Connections below HTTP: requests byte by byte, and clients that hold on to what they have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from local.ports import LOOPBACK

CLOSED = "closed"
STILL_OPEN = "still open"

ANSWERS_S = 15.0
DRIBBLE_S = 0.1
"""Between two bytes of a request that never ends."""


async def answer_to(request: bytes, port: int, *, within_s: float) -> str:
    """Send a request; gives the status of what comes back, `CLOSED` for none, `STILL_OPEN`."""
    try:
        async with asyncio.timeout(within_s), _connected(port) as (reader, writer):
            writer.write(request)
            status_line = await reader.readline()
    except TimeoutError:
        return STILL_OPEN
    except OSError:  # a connection that is cut while we write
        return CLOSED
    return status_line.split()[1].decode() if status_line else CLOSED


async def all_at_once(requests: Sequence[tuple[int, bytes]]) -> list[str]:
    """Open a connection for each (port, request), then send all; gives the statuses.

    Each stays open until the last was answered.
    """
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(_connected(port)) for port, _ in requests]
        for (_, writer), (_, request) in zip(opened, requests, strict=True):
            writer.write(request)
        async with asyncio.timeout(ANSWERS_S):
            lines = await asyncio.gather(*(reader.readline() for reader, _ in opened))
    return [line.split()[1].decode() if line else CLOSED for line in lines]


async def silent(port: int, request: bytes, *, within_s: float) -> str:
    """Connect and say nothing."""
    _ = request
    return await _held(port, b"", b"", within_s)


async def dribbling(port: int, request: bytes, *, within_s: float) -> str:
    """Send a request a byte at a time, without an end."""
    return await _held(port, b"", request, within_s)


async def lingering(port: int, request: bytes, *, within_s: float) -> str:
    """Be refused, and stay."""
    return await _held(port, request, b"", within_s)


async def _held(port: int, first: bytes, slowly: bytes, within_s: float) -> str:
    """Hold a connection until the gateway cuts it: `CLOSED` when it does so in time."""
    deadline = time.monotonic() + within_s
    try:
        async with _connected(port) as (reader, writer):
            writer.write(first)
            for byte in slowly:
                writer.write(bytes([byte]))
                with suppress(TimeoutError):
                    async with asyncio.timeout(DRIBBLE_S):
                        await reader.read()
                        return CLOSED
                if time.monotonic() > deadline:
                    return STILL_OPEN
            async with asyncio.timeout(deadline - time.monotonic()):
                await reader.read()
    except TimeoutError:
        return STILL_OPEN
    except OSError:
        return CLOSED
    return CLOSED


@asynccontextmanager
async def _connected(
    port: int,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


SLOW = {"silent": silent, "dribbling": dribbling, "lingering": lingering}
"""Who holds a connection without a ticket, and must be cut off in time."""
