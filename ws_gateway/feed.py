"""Moves connections along their user's log: every event after their cursor, in order, once.

An event reaches a connection in one of two ways. A poke (`wakeups.py`) carries it, and if it is the
next one it is written as it is. If it is not, or the socket is congested, the connection *catches
up*: one task reads the log from its cursor until the end. The truth is the log; pokes are a
shortcut past it.

Why nothing falls between the two: a connection is entered into the map of its user, and only then
the log is read for it. What is appended after that read is poked here; what was appended before is
in it. A poke that arrives while a read is under way, the first one of the handshake included, may
be of an event that the read came too early for: so its cursor is kept, and the log is read again
unless the connection got there by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from prosa.event_log.cursor import Cursor
from prosa.event_log.log import EventLog
from prosa.event_log.pokes import Poke
from prosa.event_log.protocol import HistoryLost, Range
from prosa.events import Resync
from prosa.ids import UserId
from ws_gateway.close_codes import CloseCode
from ws_gateway.connection import Connection
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.outgoing import LogEvent, Outgoing
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.tasks import BackgroundTasks

log = logging.getLogger(__name__)

AT_ONCE = 1536
"""Bytes of events that are written in one go; then it is looked whether the reader keeps up."""

PAGE = 100
"""Events read at once: bounds what a slow reader holds in memory besides its buffer."""


class Feed:
    """Brings events to connections.

    `reads` bounds how many connections read at once: after a restart all of a node's clients come
    back together, and each may be given a page.
    """

    def __init__(
        self,
        hub: Hub,
        event_log: EventLog,
        *,
        tasks: BackgroundTasks,
        reads: asyncio.Semaphore,
        counts: Counts,
        stall_s: float,
    ) -> None:
        self._hub = hub
        self._log = event_log
        self._tasks = tasks
        self._reads = reads
        self._counts = counts
        self._stall_s = stall_s

    def deliver(self, pokes: Iterable[Poke]) -> None:
        """Write the poked events to those connections that they are the next ones for."""
        by_user: dict[UserId, list[Poke]] = {}
        for poke in pokes:
            by_user.setdefault(poke.user_id, []).append(poke)
        for user_id, its in by_user.items():
            connections = self._hub.of_user(user_id)
            if connections:
                events = [LogEvent(poke.payload, poke.cursor) for poke in its]
                for connection in connections:
                    self._offer(connection, events)
            for arrival in self._hub.arriving(user_id):
                arrival.poked = its[-1].cursor

    def begin(
        self,
        connection: Connection,
        greeting: Outgoing,
        found: Range | HistoryLost,
        *,
        poked: Cursor | None,
    ) -> None:
        """Greet, play what the log held when the socket was admitted, and read on where that is
        not all.

        `poked` is the newest event the node was told of since.
        """
        if isinstance(found, HistoryLost):
            connection.send(greeting)
            self._resync(connection, found)
        else:
            first, *rest = _batches(_events(found)) or [()]
            connection.send(greeting, *first)
            self._sent(connection, first)
            self._write(connection, rest)
        if connection.cursor != found.head or _is_ahead(poked, connection.cursor):
            self.catch_up(connection)

    def catch_up(self, connection: Connection) -> None:
        """Start to read the log for it, unless that is under way."""
        if connection.is_catching_up or not connection.is_open:
            return
        connection.is_catching_up = True
        self._counts.catch_ups += 1
        self._tasks.start(self._run_catch_up(connection), name=f"catch-up {connection.id}")

    def _offer(self, connection: Connection, events: Sequence[LogEvent]) -> None:
        """Write those of `events` that it has not; they were appended in one call."""
        at, first, last = connection.cursor, events[0].cursor, events[-1].cursor
        if connection.is_catching_up:
            connection.poked = last
            return
        # Numbered in one call, they follow each other; a message that skips is not believed.
        is_whole = first.epoch == last.epoch and last.seq - first.seq == len(events) - 1
        if (
            at.epoch != first.epoch
            or first.seq > at.seq + 1
            or not is_whole
            or not self._write(connection, _batches(events[at.seq + 1 - first.seq :]))
        ):
            self.catch_up(connection)

    def _write(self, connection: Connection, batches: Iterable[Sequence[LogEvent]]) -> bool:
        """Write until it is congested. Returns whether all was written."""
        for batch in batches:
            if connection.is_congested:
                return False
            connection.send(*batch)
            self._sent(connection, batch)
        return True

    def _sent(self, connection: Connection, events: Sequence[LogEvent]) -> None:
        if events:
            connection.cursor = events[-1].cursor
            self._counts.delivered += len(events)

    async def _run_catch_up(self, connection: Connection) -> None:
        try:
            while await self._has_room(connection):
                connection.poked = None
                if await self._read_page(connection):
                    return
        except REDIS_AWAY as exc:
            # The connection stays where it is; the sweeper finds it lagging when Redis is back.
            log.warning(
                "catch_up_failed", extra={"connection_id": connection.id, "error": repr(exc)}
            )
        finally:
            connection.is_catching_up = False

    async def _read_page(self, connection: Connection) -> bool:
        """Read once and write what was found. Returns whether the end of the log is reached."""
        async with self._reads:
            found = await self._log.read(connection.user_id, connection.cursor, limit=PAGE)
        if isinstance(found, HistoryLost):
            self._resync(connection, found)
        else:
            await self._play(connection, found)
        return connection.cursor == found.head and not _is_ahead(
            connection.poked, connection.cursor
        )

    def _resync(self, connection: Connection, lost: HistoryLost) -> None:
        # Without a cursor: the client's place is the one REST gives it. Were it to take this one
        # and lose the socket before it read REST, the events between would be gone unnoticed.
        connection.send(Outgoing.of(Resync(reason=lost.reason)))
        connection.cursor = lost.head
        self._counts.resyncs[lost.reason] += 1

    async def _play(self, connection: Connection, found: Range) -> None:
        for batch in _batches(_events(found)):
            if not await self._has_room(connection):
                return
            self._write(connection, [batch])

    async def _has_room(self, connection: Connection) -> bool:
        """Wait for a congested socket to drain; one that does not is closed."""
        if connection.is_congested:
            try:
                await connection.drained(within_s=self._stall_s)
            except TimeoutError:
                code = CloseCode.SLOW_READER
                self._counts.closed[code] += 1
                self._tasks.start(connection.close(code, code.meaning), name="close slow reader")
                return False
            except OSError:
                return False
        return connection.is_open


def _events(found: Range) -> list[LogEvent]:
    return [LogEvent(entry.payload.encode(), entry.cursor) for entry in found.entries]


def _batches(events: Sequence[LogEvent]) -> list[Sequence[LogEvent]]:
    """Cut where AT_ONCE bytes are full; a longer event stands alone."""
    if len(events) == 1:  # as most come
        return [events]
    batches: list[Sequence[LogEvent]] = []
    begin = size = 0
    for i, event in enumerate(events):
        if i > begin and size + len(event.text) > AT_ONCE:
            batches.append(events[begin:i])
            begin, size = i, 0
        size += len(event.text)
    return [*batches, events[begin:]] if events else []


def _is_ahead(poked: Cursor | None, at: Cursor) -> bool:
    return poked is not None and (poked.epoch != at.epoch or poked.seq > at.seq)
