"""The life of one socket, from the upgrade to its end."""

from __future__ import annotations

import logging
import time
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from prosa.events import Connected, encode
from ws_gateway.client_actions import ClientActions
from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Admission, Connection, GatewaySocket
from ws_gateway.feed import Feed
from ws_gateway.hub import Hub
from ws_gateway.leases import Leases
from ws_gateway.metrics import Counts
from ws_gateway.readiness import Readiness
from ws_gateway.revocations import Revocations

log = logging.getLogger(__name__)


class SocketHandler:
    """What `websockets.serve` runs for every admitted socket."""

    def __init__(
        self,
        *,
        hub: Hub,
        feed: Feed,
        leases: Leases,
        actions: ClientActions,
        readiness: Readiness,
        revocations: Revocations,
        counts: Counts,
        heartbeat_s: int,
        max_per_user: int,
        close_timeout_s: float,
    ) -> None:
        self._hub = hub
        self._feed = feed
        self._leases = leases
        self._actions = actions
        self._readiness = readiness
        self._revocations = revocations
        self._counts = counts
        self._heartbeat_s = heartbeat_s
        self._max_per_user = max_per_user
        self._close_timeout_s = close_timeout_s

    async def __call__(self, socket: ServerConnection) -> None:
        """Say `connected`, play the log, serve the client's frames, and leave no trace."""
        admission = cast(GatewaySocket, socket).admission
        assert admission is not None, "the handshake admits before it upgrades"  # noqa: S101
        connection = Connection(socket, admission, close_timeout_s=self._close_timeout_s)
        try:
            # No await between the look and the entry, or two sockets could take the last place, or
            # one slip in behind the drain's list of whom to close, or the end of its session.
            code = self._objection(connection)
            if code is not None:
                self._counts.closed[code] += 1
                await connection.close(code, code.meaning)
                return
            self._hub.add(connection)
            await self._serve(connection, admission, socket)
        except ConnectionClosed:
            pass
        finally:
            self._hub.expect_no_more(admission.arrival)
            self._hub.remove(connection)
            await self._leases.leave(connection.user_id, connection.id)
            _log_end(connection, socket)

    def _objection(self, connection: Connection) -> CloseCode | None:
        if self._readiness.is_draining:
            return CloseCode.RESTART
        if self._revocations.has_heard(connection):
            return CloseCode.SESSION_OVER
        if len(self._hub.of_user(connection.user_id)) >= self._max_per_user:
            return CloseCode.TOO_MANY
        return None

    async def _serve(
        self, connection: Connection, admission: Admission, socket: ServerConnection
    ) -> None:
        self._counts.accepted += 1
        connection.send(
            encode(
                Connected(
                    connection_id=connection.id,
                    cursor=str(connection.cursor),
                    heartbeat_s=self._heartbeat_s,
                )
            )
        )
        self._hub.expect_no_more(admission.arrival)
        self._feed.begin(connection, admission.log, poked=admission.arrival.poked)
        await self._actions.serve(connection, socket)


def _log_end(connection: Connection, socket: ServerConnection) -> None:
    log.info(
        "socket_closed",
        extra={
            "connection_id": connection.id,
            "user_id": connection.user_id,
            "code": socket.close_code,
            "lived_s": round(time.time() - connection.connected_at, 1),
        },
    )
