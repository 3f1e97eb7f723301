"""Looks at every connection every few seconds: who lags, who stalls, whose session is over.

Pub/sub loses messages without a word, so that a poke is no promise; this is what keeps the promise
that no event stays hidden.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from prosa.clock import utc_now
from prosa.event_log.cursor import Cursor
from prosa.event_log.log import EventLog
from prosa.ids import UserId
from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Connection
from ws_gateway.feed import Feed
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.tasks import BackgroundTasks

log = logging.getLogger(__name__)

CHUNK = 100
"""Logs asked about in one call: some 0.6 ms of Redis, and as much of this process."""


class Sweeper:
    """Compares logs and connections, and ends sessions."""

    def __init__(
        self,
        hub: Hub,
        event_log: EventLog,
        feed: Feed,
        *,
        tasks: BackgroundTasks,
        counts: Counts,
        every_s: float,
        session_grace_s: float,
    ) -> None:
        self._hub = hub
        self._log = event_log
        self._feed = feed
        self._tasks = tasks
        self._counts = counts
        self._every_s = every_s
        self._session_grace = timedelta(seconds=session_grace_s)

    async def run(self) -> None:
        """Sweep, again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            self.end_sessions()
            self.watch_congested()
            try:
                await self.compare_tails()
            except REDIS_AWAY as exc:
                log.warning("sweep_failed", extra={"error": repr(exc)})

    async def compare_tails(self) -> None:
        """Catch up every connection that stands behind its log, or in a life of it that is over.

        Raises what Redis raises.
        """
        users = self._hub.users()
        for start in range(0, len(users), CHUNK):
            chunk = users[start : start + CHUNK]
            for user_id, head in zip(chunk, await self._log.heads(chunk), strict=True):
                self._compare(user_id, head)

    def end_sessions(self) -> None:
        """Close every connection whose session ended and was not renewed in time."""
        limit = utc_now() - self._session_grace
        code = CloseCode.SESSION_OVER
        for connection in self._hub:
            if connection.session_ends_at <= limit and connection.is_open:
                self._counts.closed[code] += 1
                self._tasks.start(connection.close(code, code.meaning), name="close ended session")

    def watch_congested(self) -> None:
        """Put a time limit on every stalled socket.

        The protocol's own pings do not: they wait for the buffer to drain before they count.
        """
        for connection in self._hub:
            if connection.is_congested:
                self._feed.catch_up(connection)

    def _compare(self, user_id: UserId, head: Cursor | None) -> None:
        for connection in self._hub.of_user(user_id):
            if _lags(connection, head):
                self._feed.catch_up(connection)


def _lags(connection: Connection, head: Cursor | None) -> bool:
    at = connection.cursor
    # A head read a moment ago may be older than the connection is by now.
    return head is None or head.epoch != at.epoch or head.seq > at.seq
