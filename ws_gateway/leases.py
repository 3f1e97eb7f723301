"""Keeps this node's connections in the connection map, which tells appenders whom to wake.

Entries are leases: those of a gateway that dies without a word expire by themselves.
"""

from __future__ import annotations

import asyncio
import logging

from prosa.event_log.log import EventLog
from prosa.ids import ConnectionId, UserId
from ws_gateway.hub import Hub
from ws_gateway.redis_errors import REDIS_AWAY

log = logging.getLogger(__name__)

CHUNK = 500
"""Leases renewed in one call: keeps Redis, which does one thing at a time, free within a ms."""


class Leases:
    """Renews and removes this node's entries; the handshake makes them (`prosa.socket_access`)."""

    def __init__(
        self,
        hub: Hub,
        event_log: EventLog,
        *,
        node: str,
        lease_s: float,
        renew_s: float,
        gate: asyncio.Semaphore,
    ) -> None:
        self._hub = hub
        self._log = event_log
        self._node = node
        self._lease_s = lease_s
        self._renew_s = renew_s
        self._gate = gate

    async def leave(self, user_id: UserId, connection_id: ConnectionId) -> None:
        """Take a connection out; when Redis is away its lease ends instead."""
        try:
            async with self._gate:
                await self._log.forget(user_id, connection_id)
        except REDIS_AWAY as exc:
            log.warning("forget_failed", extra={"connection_id": connection_id, "error": repr(exc)})

    async def run(self) -> None:
        """Renew all leases, again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._renew_s)
            try:
                await self.renew_all()
            except REDIS_AWAY as exc:
                log.warning("renewal_failed", extra={"error": repr(exc)})

    async def renew_all(self) -> None:
        """Prolong every lease, and re-enter what Redis lost. Raises what Redis raises."""
        held = [(c.user_id, c.id) for c in self._hub]
        for start in range(0, len(held), CHUNK):
            chunk = held[start : start + CHUNK]
            await self._log.renew(self._node, chunk, lease_s=self._lease_s)
        # One that left while the call was under way was entered again by it.
        for user_id, connection_id in held:
            if self._hub.find(connection_id) is None:
                await self.leave(user_id, connection_id)
