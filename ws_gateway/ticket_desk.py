"""Takes tickets, at the handshake and when a socket renews its session."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

from redis.asyncio import Redis

from prosa.clock import utc_now
from prosa.tickets import TicketHolder, redeem_ticket
from ws_gateway.redis_errors import REDIS_AWAY

MOST_CHARACTERS = 128


class TicketDesk:
    """Redeems tickets; `gate` bounds how many at once."""

    def __init__(self, redis: Redis, *, gate: asyncio.Semaphore, session_grace_s: float) -> None:
        self._redis = redis
        self._gate = gate
        self._session_grace = timedelta(seconds=session_grace_s)

    async def redeem(self, ticket: str) -> TicketHolder | None:
        """Take a ticket. None if it is unknown, used or expired, or its session is over.

        Raises what Redis raises when it does not answer twice.
        """
        if not 0 < len(ticket) <= MOST_CHARACTERS:
            return None
        redeemer = secrets.token_hex(16)
        async with self._gate:
            try:
                holder = await redeem_ticket(self._redis, ticket, redeemer=redeemer)
            except REDIS_AWAY:
                # The ticket may be taken and only the answer lost: the same redeemer may ask again.
                holder = await redeem_ticket(self._redis, ticket, redeemer=redeemer)
        if holder is None or holder.session_ends_at + self._session_grace <= utc_now():
            return None
        return holder
