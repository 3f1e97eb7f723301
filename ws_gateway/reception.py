"""Decides who may connect, whichever way they come: the two looks at a request before it is let in.

`handshake.py` asks for WebSockets, `event_stream_http.py` for event streams.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

from prosa.event_log.cursor import Cursor
from prosa.ids import new_connection_id
from prosa.socket_access.tickets import claimed_by
from ws_gateway.address_limits import AddressLimits
from ws_gateway.arrival import Arrival
from ws_gateway.connection import Admission, Peer
from ws_gateway.hub import Hub
from ws_gateway.leases import Leases
from ws_gateway.metrics import Counts
from ws_gateway.readiness import Readiness
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.ticket_desk import TicketDesk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, as a problem of RFC 9457. `retry_after_s` 0 promises nothing."""

    status: HTTPStatus
    code: str
    detail: str
    retry_after_s: int = 0


class Reception:
    """Counts what it refuses."""

    def __init__(
        self,
        *,
        hub: Hub,
        leases: Leases,
        tickets: TicketDesk,
        addresses: AddressLimits,
        readiness: Readiness,
        counts: Counts,
        max_connections: int,
    ) -> None:
        self._hub = hub
        self._leases = leases
        self._tickets = tickets
        self._addresses = addresses
        self._readiness = readiness
        self._counts = counts
        self._max_connections = max_connections

    def look(self) -> Refusal | None:
        """Refuse what needs no look at the ticket."""
        if not self._readiness.is_ready:
            return self.refuse(_not_ready())
        if len(self._hub) >= self._max_connections:
            return self.refuse(
                _unavailable("node_full", "This node holds as many connections as it may.")
            )
        return None

    async def admit(
        self, query: str, peer: Peer, *, after: str | None, is_there: Callable[[], bool]
    ) -> Admission | Refusal:
        """Admit the holder of the ticket in `query`.

        `after` is a cursor that counts before the one in `query`. `is_there` tells whether the
        client still waits, and its connection will be served.
        """
        fields = parse_qs(query, keep_blank_values=True)
        try:
            cursor = _read_after(fields.get("after", []) if after is None else [after])
        except ValueError as exc:
            detail = f"after: {exc}."
            return self.refuse(Refusal(HTTPStatus.BAD_REQUEST, "malformed_cursor", detail))
        tickets = fields.get("ticket", [])
        if len(tickets) != 1:
            detail = "One ticket is needed."
            return self.refuse(Refusal(HTTPStatus.UNAUTHORIZED, "ticket_missing", detail))
        user_id = claimed_by(tickets[0])
        if user_id is None:
            return self.refuse(_ticket_invalid())
        if not self._addresses.enter(peer.network, time.monotonic()):
            return self.refuse(_too_many())
        arrival = self._hub.expect(user_id)
        found = await self._take(tickets[0], cursor, arrival, peer, is_there)
        if isinstance(found, Refusal):
            self._hub.expect_no_more(arrival)
            self._addresses.leave(peer.network)
        return found

    async def _take(
        self,
        ticket: str,
        after: Cursor | None,
        arrival: Arrival,
        peer: Peer,
        is_there: Callable[[], bool],
    ) -> Admission | Refusal:
        connection_id = new_connection_id()
        try:
            admitted = await self._tickets.admit(ticket, connection_id, after)
        except REDIS_AWAY as exc:
            log.warning("handshake_failed", extra={"error": repr(exc)})
            return self.refuse(_unavailable("unavailable", "The event log does not answer."))
        if admitted is None:
            return self.refuse(_ticket_invalid())
        if self._readiness.is_draining or not is_there():
            # There will be no handler that takes it off the map.
            await self._leases.leave(arrival.user_id, connection_id)
            return self.refuse(_not_ready())
        place = after or admitted.log.head
        return Admission(connection_id, admitted.holder, place, admitted.log, arrival, peer)

    def refuse(self, refusal: Refusal) -> Refusal:
        """Count it."""
        self._counts.refused[refusal.code] += 1
        return refusal


def _read_after(values: list[str]) -> Cursor | None:
    if not values:
        return None
    if len(values) > 1:
        raise ValueError("given twice")
    return Cursor.parse(values[0])


def _ticket_invalid() -> Refusal:
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        "ticket_invalid",
        "The ticket is unknown, used or expired. Ask for a new one.",
    )


def _not_ready() -> Refusal:
    return _unavailable("not_ready", "This node takes no connections now.")


def _too_many() -> Refusal:
    detail = "Too many connections come from this address."
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too_many_connections", detail, retry_after_s=5)


def _unavailable(code: str, detail: str) -> Refusal:
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, code, detail, retry_after_s=1)
