"""The socket as the terminal client uses it: every event once, in order, over any drops."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from cli.api import Api
from prosa.events import Connected, Resync, ServerFrame, decode

MAX_BACKOFF_S = 15.0
TERMINAL_CODES = range(4500, 5000)
"""Close codes after which coming back is of no use; see ws_gateway/close_codes.py."""


async def follow(api: Api) -> AsyncGenerator[ServerFrame]:
    """Yield the user's events from now on, reconnecting with the last cursor when the socket drops.

    Yields `Connected` for each connection and `Resync` when events were lost for good. Ends when
    the server says that coming back is of no use.
    """
    cursor: str | None = None
    failures = 0
    while True:
        try:
            async with connect(await _address(api, cursor), compression=None) as socket:
                async for frame, position in _frames(socket):
                    failures = 0
                    if isinstance(frame, Connected):
                        cursor = cursor or frame.cursor
                    if isinstance(frame, Resync):
                        cursor = None
                    cursor = position or cursor
                    yield frame
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code in TERMINAL_CODES:
                return
        except (OSError, InvalidHandshake, TimeoutError):
            failures += 1
        await asyncio.sleep(random.uniform(0, min(MAX_BACKOFF_S, 0.2 * 2**failures)))  # noqa: S311 - jitter


async def _frames(
    socket: ClientConnection,
) -> AsyncGenerator[tuple[ServerFrame, str | None]]:
    while True:
        yield decode(await socket.recv())


async def _address(api: Api, cursor: str | None) -> str:
    ticket = await api.ticket()
    edge = urlsplit(api.url)
    scheme = "wss" if edge.scheme == "https" else "ws"
    given = urlsplit(str(ticket["url"]))
    query = {"ticket": ticket["ticket"]} | ({"after": cursor} if cursor else {})
    return urlunsplit(
        (given.scheme or scheme, given.netloc or edge.netloc, given.path, urlencode(query), "")
    )
