"""One connection of one user: where it stands in the log, and how it is written to and closed.

`feed.py` moves it along the log. There are two kinds: a WebSocket (`websocket_connection.py`) and
an event stream over HTTP (`event_stream.py`).

Writing never waits. There is neither a queue nor a writer task per connection: the log in Redis is
the queue. A message goes straight into the transport's buffer, and a connection whose buffer is
over its limit is sent nothing until it has drained; then it reads from the log what it missed. So a
reader that stalls costs its buffer (`gateway_write_buffer`, and what is written at once on top),
delays no one, and is closed with 4408 when it stays stalled. A queue would hold the same events a
second time, and a `send()` cancelled by a timeout would leave its frame in the buffer all the same.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from prosa.event_log.cursor import Cursor
from prosa.event_log.protocol import HistoryLost, Range
from prosa.ids import ConnectionId, UserId
from prosa.socket_access.tickets import TicketHolder
from ws_gateway.arrival import Arrival
from ws_gateway.outgoing import Outgoing


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, as the handshake shows it. `ip` is '' when it is not known.

    `network` is what limits count it by; None is not limited.
    """

    ip: str
    user_agent: str
    network: str | None


@dataclass(slots=True)
class Admission:
    """What the handshake found out: who it is, where in the log the socket begins, what follows."""

    connection_id: ConnectionId
    holder: TicketHolder
    cursor: Cursor
    log: Range | HistoryLost
    arrival: Arrival
    peer: Peer

    def take_log(self) -> Range | HistoryLost:
        """What the log held, to be played. It is let go: a socket keeps its admission for life."""
        log, self.log = self.log, Range((), self.cursor)
        return log


class Connection(ABC):
    """An admitted connection.

    `cursor` is the newest event written to it. While `is_catching_up`, one task of the feed reads
    the log for it, and pokes only leave their cursor in `poked`.
    """

    __slots__ = (
        "connected_at",
        "cursor",
        "id",
        "is_catching_up",
        "last_active_at",
        "peer",
        "poked",
        "session_ends_at",
        "session_id",
        "user_id",
    )

    def __init__(self, admission: Admission) -> None:
        self.id: ConnectionId = admission.connection_id
        self.user_id: UserId = admission.holder.user_id
        self.session_id = admission.holder.session_id
        self.session_ends_at: datetime = admission.holder.session_ends_at
        self.peer = admission.peer
        self.cursor: Cursor = admission.cursor
        self.is_catching_up = False
        self.poked: Cursor | None = None
        self.connected_at = time.time()
        self.last_active_at = self.connected_at

    kind: ClassVar[str]
    """What it is called in logs."""

    @property
    @abstractmethod
    def close_code(self) -> int | None:
        """Why it was closed (`close_codes.py`), once it is."""

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether messages still reach it; False as soon as closing begins."""

    @property
    @abstractmethod
    def is_congested(self) -> bool:
        """Whether its buffer is over the limit and has not drained since."""

    @abstractmethod
    def send(self, *messages: Outgoing) -> None:
        """Write messages at once, without waiting; a connection that is not open drops them.

        A system call costs as much as all that is done for a message before it.
        """

    @abstractmethod
    async def drained(self, *, within_s: float) -> None:
        """Wait until the buffer is low again.

        Raises TimeoutError when it is not in time, another OSError when the peer is lost.
        """

    @abstractmethod
    def close(self, code: int, reason: str) -> Coroutine[None, None, None]:
        """Mark it closed at once; awaiting the result tells the peer.

        A peer that does not answer in time is cut off, which frees its buffers.
        """
