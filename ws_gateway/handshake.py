"""Decides who may open a socket, before the upgrade: `GET /ws?ticket=<ticket>&after=<cursor>`.

The library checks in between that it is a WebSocket handshake and that its `Origin` is on the list,
so a request that fails on either does not cost its ticket.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.protocol import State

from prosa.event_log.cursor import Cursor
from prosa.ids import new_connection_id
from prosa.socket_access.tickets import claimed_by
from ws_gateway.arrival import Arrival
from ws_gateway.connection import Admission, GatewaySocket
from ws_gateway.hub import Hub
from ws_gateway.leases import Leases
from ws_gateway.metrics import Counts
from ws_gateway.problems import problem
from ws_gateway.readiness import Readiness
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.ticket_desk import TicketDesk

log = logging.getLogger(__name__)

PATH = "/ws"


class Handshake:
    """The two checks `websockets.serve` calls: before and after its own."""

    def __init__(
        self,
        *,
        hub: Hub,
        leases: Leases,
        tickets: TicketDesk,
        readiness: Readiness,
        counts: Counts,
        max_connections: int,
    ) -> None:
        self._hub = hub
        self._leases = leases
        self._tickets = tickets
        self._readiness = readiness
        self._counts = counts
        self._max_connections = max_connections

    def check_request(self, _: ServerConnection, request: Request) -> Response | None:
        """Refuse what needs no look at the ticket."""
        if urlsplit(request.path).path != PATH:
            return self._refuse(HTTPStatus.NOT_FOUND, "not_found", "Sockets open at /ws.")
        if not self._readiness.is_ready:
            return self._unavailable("not_ready", "This node takes no sockets now.")
        if len(self._hub) >= self._max_connections:
            return self._unavailable("node_full", "This node holds as many sockets as it may.")
        return None

    async def check_ticket(
        self, socket: ServerConnection, request: Request, response: Response
    ) -> Response | None:
        """Admit the holder of a ticket, or refuse. `response` is what the library would answer."""
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._counts.refused[f"http_{response.status_code}"] += 1
            return None
        query = parse_qs(urlsplit(request.path).query, keep_blank_values=True)
        try:
            after = _read_after(query.get("after", []))
        except ValueError as exc:
            return self._refuse(HTTPStatus.BAD_REQUEST, "malformed_cursor", f"after: {exc}.")
        tickets = query.get("ticket", [])
        if len(tickets) != 1:
            return self._refuse(HTTPStatus.UNAUTHORIZED, "ticket_missing", "One ticket is needed.")
        user_id = claimed_by(tickets[0])
        if user_id is None:
            return self._ticket_invalid()
        arrival = self._hub.expect(user_id)
        refusal = await self._admit(cast(GatewaySocket, socket), arrival, tickets[0], after)
        if refusal is not None:
            self._hub.expect_no_more(arrival)
        return refusal

    async def _admit(
        self, socket: GatewaySocket, arrival: Arrival, ticket: str, after: Cursor | None
    ) -> Response | None:
        """Note on the socket who it is, or give the refusal."""
        connection_id = new_connection_id()
        try:
            admitted = await self._tickets.admit(ticket, connection_id, after)
        except REDIS_AWAY as exc:
            log.warning("handshake_failed", extra={"error": repr(exc)})
            return self._unavailable("unavailable", "The event log does not answer.")
        if admitted is None:
            return self._ticket_invalid()
        if self._readiness.is_draining or socket.state is not State.CONNECTING:
            # There will be no handler that takes it off the map.
            await self._leases.leave(arrival.user_id, connection_id)
            return self._unavailable("not_ready", "This node takes no sockets now.")
        place = after or admitted.log.head
        socket.admission = Admission(connection_id, admitted.holder, place, admitted.log, arrival)
        return None

    def _ticket_invalid(self) -> Response:
        return self._refuse(
            HTTPStatus.UNAUTHORIZED,
            "ticket_invalid",
            "The ticket is unknown, used or expired. Ask for a new one.",
        )

    def _refuse(self, status: HTTPStatus, code: str, detail: str) -> Response:
        self._counts.refused[code] += 1
        return problem(status, code, detail)

    def _unavailable(self, code: str, detail: str) -> Response:
        self._counts.refused[code] += 1
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, retry_after_s=1)


def _read_after(values: list[str]) -> Cursor | None:
    if not values:
        return None
    if len(values) > 1:
        raise ValueError("given twice")
    return Cursor.parse(values[0])
