"""Closes connections that are idle for too long or live for too long, where there is such a limit.

API Gateway has both limits, we have neither: only to be tested against (`gateway_profile`).
"""

from __future__ import annotations

import asyncio
import time

from ws_gateway.connection import Connection
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.tasks import BackgroundTasks


class Limits:
    """0 seconds are no limit."""

    def __init__(
        self,
        hub: Hub,
        *,
        tasks: BackgroundTasks,
        counts: Counts,
        idle_s: float,
        life_s: float,
        close_code: int,
    ) -> None:
        self._hub = hub
        self._tasks = tasks
        self._counts = counts
        self._idle_s = idle_s
        self._life_s = life_s
        self._close_code = close_code

    async def run(self) -> None:
        """Look at all connections, again and again, until cancelled."""
        every_s = min([limit for limit in (self._idle_s, self._life_s) if limit], default=3600) / 20
        while True:
            await asyncio.sleep(every_s)
            self.enforce(time.time())

    def enforce(self, now: float) -> None:
        """Close those that are over a limit."""
        for connection in self._hub:
            if connection.is_open and (reason := self._reason(connection, now)):
                self._counts.closed[self._close_code] += 1
                self._tasks.start(
                    connection.close(self._close_code, reason), name="close over limit"
                )

    def _reason(self, connection: Connection, now: float) -> str:
        if self._idle_s and now - connection.last_active_at >= self._idle_s:
            return "Idle for too long."
        if self._life_s and now - connection.connected_at >= self._life_s:
            return "Connected for too long."
        return ""
