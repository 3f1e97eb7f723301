"""The socket as the terminal client uses it: every event once, in order, over any drops."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator
from contextlib import suppress
from urllib.parse import urlencode, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from cli.api import Api
from prosa.events import Connected, Resync, ServerFrame, decode

MAX_BACKOFF_S = 15.0
TERMINAL_CODES = range(4500, 5000)
"""Close codes after which coming back is of no use; see ws_gateway/close_codes.py."""


class Log:
    """The user's log from now on: its place is kept over any number of sockets."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._cursor: str | None = None
        self._socket: ClientConnection | None = None

    async def follow(self) -> AsyncGenerator[ServerFrame]:
        """Yield events, reconnecting with the last cursor when the socket drops.

        Yields `Connected` for each connection and `Resync` when events were lost for good. Ends
        when the server says that coming back is of no use.
        """
        failures = 0
        while True:
            try:
                async with connect(await self._address(), compression=None) as self._socket:
                    async for frame, position in _frames(self._socket):
                        failures = 0
                        if isinstance(frame, Connected):
                            self._cursor = self._cursor or frame.cursor
                        if isinstance(frame, Resync):
                            self._cursor = None
                        self._cursor = position or self._cursor
                        yield frame
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in TERMINAL_CODES:
                    return
            except (OSError, InvalidHandshake, TimeoutError):
                failures += 1
            await asyncio.sleep(random.uniform(0, min(MAX_BACKOFF_S, 0.2 * 2**failures)))  # noqa: S311 - jitter

    async def acknowledge(self) -> None:
        """Say that all up to here was shown. Between two sockets it stays unsaid."""
        if self._socket is not None and self._cursor is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps({"action": "ack", "cursor": self._cursor}))

    async def _address(self) -> str:
        ticket = await self._api.ticket()
        edge = urlsplit(self._api.url)
        scheme = "wss" if edge.scheme == "https" else "ws"
        given = urlsplit(str(ticket["url"]))
        query = {"ticket": ticket["ticket"]}
        if self._cursor:
            query["after"] = self._cursor
        return urlunsplit(
            (given.scheme or scheme, given.netloc or edge.netloc, given.path, urlencode(query), "")
        )


async def _frames(
    socket: ClientConnection,
) -> AsyncGenerator[tuple[ServerFrame, str | None]]:
    while True:
        yield decode(await socket.recv())
