"""Admission of a socket by its ticket, in one call to Redis, and renewal of an open one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from prosa.event_log import protocol
from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import connections_key
from prosa.event_log.protocol import HistoryLost, Range
from prosa.ids import ConnectionId
from prosa.socket_access.keys import revoked_key, ticket_key
from prosa.socket_access.tickets import TICKET_TTL_S, TicketHolder, claimed_by, script


@dataclass(frozen=True, slots=True)
class Entrance:
    """How a socket wants to come in. `connection_id` is new with each handshake, and redeems the
    ticket: asking again with the same one, after an answer was lost, gives the same."""

    ticket: str
    connection_id: ConnectionId
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who came in, and what the log held for them at that moment."""

    holder: TicketHolder
    log: Range | HistoryLost


class SocketAccess:
    """Every method raises `redis.RedisError` (and `TimeoutError`) when Redis does not answer."""

    def __init__(self, redis: Redis, *, node: str, lease_s: float, session_grace_s: float) -> None:
        """`session_grace_s`: for how long after its end a session still opens sockets."""
        self._node = node
        self._lease_ms = int(lease_s * 1000)
        self._grace_ms = int(session_grace_s * 1000)
        parts = protocol.script("lease", "range")
        self._admit: Any = redis.register_script(script("ticket") + parts + script("admit"))
        self._redeem: Any = redis.register_script(script("ticket", "redeem"))

    async def admit(self, entrance: Entrance, *, events: int) -> Admitted | None:
        """Take the ticket, enter the connection into the map, read up to `events` of the log.

        None when the ticket is unknown, used, expired, or its session over; nothing is entered.
        """
        user_id = claimed_by(entrance.ticket)
        if user_id is None:
            return None
        read = protocol.read_call(user_id, entrance.after, events)
        reply = await self._admit(
            keys=[
                ticket_key(user_id, entrance.ticket),
                revoked_key(user_id),
                connections_key(user_id),
                *read.keys,
            ],
            args=[
                entrance.connection_id,
                TICKET_TTL_S,
                self._grace_ms,
                self._node,
                self._lease_ms,
                *read.args,
            ],
        )
        if reply is None:
            return None
        holder, found = reply
        return Admitted(TicketHolder.from_row(holder), protocol.read_result(found))

    async def redeem(self, ticket: str, *, redeemer: str) -> TicketHolder | None:
        """Take a ticket for a socket that is open; None as with `admit`.

        `redeemer` is a fresh random string: asking again with the same one gives the same.
        """
        user_id = claimed_by(ticket)
        if user_id is None:
            return None
        row = await self._redeem(
            keys=[ticket_key(user_id, ticket), revoked_key(user_id)],
            args=[redeemer, TICKET_TTL_S, self._grace_ms],
        )
        return None if row is None else TicketHolder.from_row(row)
