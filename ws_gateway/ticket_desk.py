"""Takes tickets, at the handshake and when a socket renews its session."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prosa.event_log.cursor import Cursor
from prosa.ids import ConnectionId
from prosa.socket_access.admission import Admitted, Entrance, SocketAccess
from prosa.socket_access.tickets import TicketHolder
from ws_gateway.redis_errors import REDIS_AWAY

_T = TypeVar("_T")


class TicketDesk:
    """Redeems tickets; `gate` bounds how many at once.

    Raises what Redis raises when it does not answer twice.
    """

    def __init__(self, access: SocketAccess, *, gate: asyncio.Semaphore, page: int) -> None:
        """`page` is how many events of the log an admission reads."""
        self._access = access
        self._gate = gate
        self._page = page

    async def admit(
        self, ticket: str, connection_id: ConnectionId, after: Cursor | None
    ) -> Admitted | None:
        """Admit a socket. None if its ticket is unknown, used or expired, or its session over."""
        entrance = Entrance(ticket, connection_id, after)
        return await self._twice(lambda: self._access.admit(entrance, events=self._page))

    async def redeem(self, ticket: str) -> TicketHolder | None:
        """Take a ticket for a socket that is open; None as with `admit`."""
        redeemer = secrets.token_hex(16)
        return await self._twice(lambda: self._access.redeem(ticket, redeemer=redeemer))

    async def _twice(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        async with self._gate:
            try:
                return await ask()
            except REDIS_AWAY:
                # The ticket may be taken and only the answer lost: the same redeemer may ask again.
                return await ask()
