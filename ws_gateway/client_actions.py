"""Does what a client asks over its socket, and cuts off one that asks nonsense or too often."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterable
from typing import assert_never

from prosa.clock import utc_now
from prosa.event_log.cursor import Cursor
from prosa.event_log.log import EventLog
from prosa.events import Authenticated, ClientError, Pong
from ws_gateway.client_frames import (
    Acknowledge,
    Authenticate,
    Cancel,
    Ping,
    UnreadableFrame,
    read_frame,
)
from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Connection
from ws_gateway.metrics import Counts
from ws_gateway.outgoing import Outgoing
from ws_gateway.rate_limit import TokenBucket
from ws_gateway.receipts import Receipts
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.ticket_desk import TicketDesk

log = logging.getLogger(__name__)

FRAMES_PER_S = 10.0
FRAMES_BURST = 20.0
"""What a client may send; the page sends a ping every twenty seconds."""

MOST_MALFORMED = 5
"""Malformed frames of one socket until it is closed."""

UNSUPPORTED_DATA = 1003
"""What API Gateway closes with after a binary message (RFC 6455, 7.4.1)."""

_PONG = Outgoing.of(Pong())


class ClientActions:
    """Serves the inbound half of a socket. Cancelling is by user, so a foreign job is no job."""

    def __init__(
        self,
        event_log: EventLog,
        tickets: TicketDesk,
        receipts: Receipts,
        *,
        gate: asyncio.Semaphore,
        counts: Counts,
        refuses_binary: bool,
    ) -> None:
        self._log = event_log
        self._tickets = tickets
        self._receipts = receipts
        self._gate = gate
        self._counts = counts
        self._refuses_binary = refuses_binary

    async def serve(self, connection: Connection, frames: AsyncIterable[str | bytes]) -> None:
        """Take frames one after another until they end or the socket must be closed."""
        bucket = TokenBucket(time.monotonic(), FRAMES_PER_S, FRAMES_BURST)
        malformed = 0
        async for text in frames:
            connection.last_active_at = time.time()
            self._counts.inbound += 1
            if self._refuses_binary and isinstance(text, bytes):
                self._counts.closed[UNSUPPORTED_DATA] += 1
                await connection.close(UNSUPPORTED_DATA, "Messages are text.")
                return
            if not bucket.take(time.monotonic()):
                await self._close(connection, CloseCode.TOO_MANY)
                return
            try:
                await self._act(connection, text)
            except UnreadableFrame as exc:
                _refuse(connection, exc.code, exc.detail)
                malformed += exc.code == "malformed_frame"
                if malformed == MOST_MALFORMED:
                    await self._close(connection, CloseCode.PROTOCOL_ERROR)
                    return
            except REDIS_AWAY as exc:
                log.warning("client_action_failed", extra={"error": repr(exc)})
                _refuse(connection, "unavailable", "This cannot be done now. Try again.")

    async def _act(self, connection: Connection, text: str | bytes) -> None:
        frame = read_frame(text)
        match frame:
            case Ping():
                connection.send(_PONG)
            case Authenticate():
                await self._renew_session(connection, frame.ticket)
            case Cancel():
                async with self._gate:
                    await self._log.cancel(connection.user_id, frame.job_id)
            case Acknowledge():
                self._receipts.take(connection, _cursor(frame.cursor))
            case _:
                assert_never(frame)

    async def _renew_session(self, connection: Connection, ticket: str) -> None:
        holder = await self._tickets.redeem(ticket)
        if holder is None:
            self._counts.refused["renewal"] += 1
            _refuse(connection, "ticket_invalid", "The ticket is unknown, used or expired.")
        elif holder.user_id != connection.user_id:
            self._counts.refused["foreign_renewal"] += 1
            await self._close(connection, CloseCode.FORBIDDEN)
        else:
            connection.session_ends_at = holder.session_ends_at
            left_s = int((holder.session_ends_at - utc_now()).total_seconds())
            connection.send(Outgoing.of(Authenticated(expires_in=max(0, left_s))))

    async def _close(self, connection: Connection, code: CloseCode) -> None:
        self._counts.closed[code] += 1
        await connection.close(code, code.meaning)


def _cursor(text: str) -> Cursor:
    try:
        return Cursor.parse(text)
    except ValueError as exc:
        raise UnreadableFrame("malformed_frame", f"cursor: {exc}.") from exc


def _refuse(connection: Connection, code: str, detail: str) -> None:
    connection.send(Outgoing.of(ClientError(code=code, detail=detail)))
