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
from prosa.event_log.log import EventLog
from prosa.ids import new_connection_id
from prosa.tickets import TicketHolder
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
        event_log: EventLog,
        leases: Leases,
        tickets: TicketDesk,
        readiness: Readiness,
        counts: Counts,
        max_connections: int,
    ) -> None:
        self._hub = hub
        self._log = event_log
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
        try:
            holder = await self._tickets.redeem(tickets[0])
            if holder is None:
                return self._refuse(
                    HTTPStatus.UNAUTHORIZED,
                    "ticket_invalid",
                    "The ticket is unknown, used or expired. Ask for a new one.",
                )
            admission = await self._admit(holder, after)
        except REDIS_AWAY as exc:
            log.warning("handshake_failed", extra={"error": repr(exc)})
            return self._unavailable("unavailable", "The event log does not answer.")
        if self._readiness.is_draining or socket.state is not State.CONNECTING:
            # There will be no handler that takes it off the map.
            await self._leases.leave(holder.user_id, admission.connection_id)
            return self._unavailable("not_ready", "This node takes no sockets now.")
        cast(GatewaySocket, socket).admission = admission
        return None

    async def _admit(self, holder: TicketHolder, after: Cursor | None) -> Admission:
        """Enter the connection into the map, then find its place.

        In this order: what is appended after the place was found is poked here.
        """
        connection_id = new_connection_id()
        await self._leases.enter(holder.user_id, connection_id)
        cursor = after or await self._log.head(holder.user_id)
        return Admission(connection_id, holder, cursor)

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
