"""The life of a connection, whichever kind it is: from its admission to its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from prosa.events import Connected
from ws_gateway.address_limits import AddressLimits
from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Admission, Connection
from ws_gateway.feed import Feed
from ws_gateway.hub import Hub
from ws_gateway.leases import Leases
from ws_gateway.metrics import Counts
from ws_gateway.outgoing import Outgoing
from ws_gateway.readiness import Readiness
from ws_gateway.revocations import Revocations

log = logging.getLogger(__name__)


class Residence:
    """Takes connections in, and leaves no trace of one that ended."""

    def __init__(
        self,
        *,
        hub: Hub,
        feed: Feed,
        leases: Leases,
        addresses: AddressLimits,
        readiness: Readiness,
        revocations: Revocations,
        counts: Counts,
        heartbeat_s: int,
        max_per_user: int,
    ) -> None:
        self._hub = hub
        self._feed = feed
        self._leases = leases
        self._addresses = addresses
        self._readiness = readiness
        self._revocations = revocations
        self._counts = counts
        self._heartbeat_s = heartbeat_s
        self._max_per_user = max_per_user

    async def live(
        self, connection: Connection, admission: Admission, serve: Callable[[], Awaitable[None]]
    ) -> None:
        """Say `connected`, play the log, and `serve` the client until it is gone."""
        try:
            # No await between the look and the entry, or two sockets could take the last place, or
            # one slip in behind the drain's list of whom to close, or the end of its session.
            code = self._objection(connection)
            if code is not None:
                self._counts.closed[code] += 1
                await connection.close(code, code.meaning)
                return
            self._hub.add(connection)
            self._welcome(connection, admission)
            await serve()
        finally:
            self._hub.expect_no_more(admission.arrival)
            self._hub.remove(connection)
            self._addresses.leave(admission.peer.network)
            await self._leases.leave(connection.user_id, connection.id)
            _log_end(connection)

    def _objection(self, connection: Connection) -> CloseCode | None:
        if self._readiness.is_draining:
            return CloseCode.RESTART
        if self._revocations.has_heard(connection):
            return CloseCode.SESSION_OVER
        if len(self._hub.of_user(connection.user_id)) >= self._max_per_user:
            return CloseCode.TOO_MANY
        return None

    def _welcome(self, connection: Connection, admission: Admission) -> None:
        self._counts.accepted += 1
        connected = Connected(
            connection_id=connection.id,
            cursor=str(connection.cursor),
            heartbeat_s=self._heartbeat_s,
        )
        self._hub.expect_no_more(admission.arrival)
        self._feed.begin(
            connection,
            Outgoing.of(connected),
            admission.take_log(),
            poked=admission.arrival.poked,
        )


def _log_end(connection: Connection) -> None:
    log.info(
        "connection_closed",
        extra={
            "connection_id": connection.id,
            "user_id": connection.user_id,
            "kind": connection.kind,
            "code": connection.close_code,
            "lived_s": round(time.time() - connection.connected_at, 1),
        },
    )
