"""Receipts: how far each user has seen the log, as the user's clients acknowledge it.

Gathered and written together now and then: a receipt may come late, and a lost one is made up for
by the next.
"""

from __future__ import annotations

import asyncio
import logging

from prosa.event_log.cursor import Cursor
from prosa.event_log.log import EventLog
from prosa.ids import UserId
from ws_gateway.connection import Connection
from ws_gateway.metrics import Counts
from ws_gateway.redis_errors import REDIS_AWAY

log = logging.getLogger(__name__)

EVERY_S = 0.5
CHUNK = 500


class Receipts:
    """Holds the newest receipt of each user until it is written."""

    def __init__(self, event_log: EventLog, *, counts: Counts) -> None:
        self._log = event_log
        self._counts = counts
        self._waiting: dict[UserId, Cursor] = {}

    def take(self, connection: Connection, cursor: Cursor) -> None:
        """Note what a client has seen; what was not sent to it, it cannot have."""
        at = connection.cursor
        if cursor.epoch != at.epoch or cursor.seq > at.seq:
            return
        known = self._waiting.get(connection.user_id)
        if known is None or known.epoch != cursor.epoch or known.seq < cursor.seq:
            self._waiting[connection.user_id] = cursor

    async def run(self) -> None:
        """Write what was taken, again and again, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.write()
            except REDIS_AWAY as exc:
                log.warning("receipts_not_written", extra={"error": repr(exc)})

    async def write(self) -> None:
        """Write what was taken since. Raises what Redis raises; what failed is forgotten."""
        waiting, self._waiting = list(self._waiting.items()), {}
        for start in range(0, len(waiting), CHUNK):
            moved = await self._log.acknowledge(waiting[start : start + CHUNK])
            self._counts.receipts += moved
