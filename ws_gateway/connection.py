"""One socket of one user: where it stands in the log, and how it is written to and closed.

`feed.py` moves it along the log, `socket_handler.py` owns its life.

Writing never waits. There is neither a queue nor a writer task per socket: the log in Redis is the
queue. A frame goes straight into the transport's buffer, and a socket whose buffer is over its
limit is sent nothing until it has drained; then it reads from the log what it missed. So a reader
that stalls costs its buffer (`gateway_write_buffer`, a page of the log at most on top), delays no
one, and is closed with 4408 when it stays stalled. A queue would hold the same events a second
time, and a `send()` cancelled by a timeout would leave its frame in the buffer all the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.protocol import State

from prosa.event_log.cursor import Cursor
from prosa.event_log.protocol import HistoryLost, Range
from prosa.ids import ConnectionId, UserId
from prosa.socket_access.tickets import TicketHolder
from ws_gateway.arrival import Arrival


@dataclass(frozen=True, slots=True)
class Admission:
    """What the handshake found out: who it is, where in the log the socket begins, what follows."""

    connection_id: ConnectionId
    holder: TicketHolder
    cursor: Cursor
    log: Range | HistoryLost
    arrival: Arrival


class GatewaySocket(ServerConnection):
    """A server connection that carries its admission from the handshake to the handler."""

    admission: Admission | None = None


class Connection:
    """An admitted socket.

    `cursor` is the newest event written to it. While `is_catching_up`, one task of the feed reads
    the log for it, and pokes only leave their cursor in `poked`.
    """

    __slots__ = (
        "_close_timeout_s",
        "_is_closing",
        "_socket",
        "connected_at",
        "cursor",
        "id",
        "is_catching_up",
        "last_active_at",
        "poked",
        "session_ends_at",
        "session_id",
        "user_id",
    )

    def __init__(
        self, socket: ServerConnection, admission: Admission, *, close_timeout_s: float
    ) -> None:
        self.id: ConnectionId = admission.connection_id
        self.user_id: UserId = admission.holder.user_id
        self.session_id = admission.holder.session_id
        self.session_ends_at: datetime = admission.holder.session_ends_at
        self.cursor: Cursor = admission.cursor
        self.is_catching_up = False
        self.poked: Cursor | None = None
        self.connected_at = time.time()
        self.last_active_at = self.connected_at
        self._socket = socket
        self._close_timeout_s = close_timeout_s
        self._is_closing = False

    @property
    def is_open(self) -> bool:
        """Whether frames still reach it; False as soon as closing begins."""
        return not self._is_closing and self._socket.state is State.OPEN

    @property
    def is_congested(self) -> bool:
        """Whether its buffer is over the limit and has not drained since."""
        return self._socket.paused

    @property
    def source_ip(self) -> str:
        """The peer's address; behind a proxy, the proxy's."""
        peer: Any = self._socket.remote_address
        return str(peer[0]) if peer else ""

    @property
    def user_agent(self) -> str:
        """What the client calls itself, or ''."""
        request = self._socket.request
        return request.headers.get("User-Agent", "") if request else ""

    def send(self, text: str | bytes) -> None:
        """Write one text frame without waiting; a socket that is not open drops it."""
        self.last_active_at = time.time()
        broadcast((self._socket,), text, text=True)

    async def drained(self, *, within_s: float) -> None:
        """Wait until the buffer is low again.

        Raises TimeoutError when it is not in time, another OSError when the peer is lost.
        """
        async with asyncio.timeout(within_s):
            await self._socket.drain()

    def close(self, code: int, reason: str) -> Coroutine[None, None, None]:
        """Mark it closed at once; awaiting the result performs the closing handshake.

        A peer that does not answer in time is cut off, which frees its buffers.
        """
        self._is_closing = True
        return self._close(code, reason)

    async def _close(self, code: int, reason: str) -> None:
        try:
            # The socket's own timeout starts to count only when the buffer has drained, so a
            # stalled reader would hold it for good.
            async with asyncio.timeout(self._close_timeout_s):
                await self._socket.close(code, reason)
        except TimeoutError:
            pass
        finally:
            self._socket.transport.abort()
