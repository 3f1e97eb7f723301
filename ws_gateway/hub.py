"""Who is connected to this node, or about to be: memory only, nothing here waits."""

from __future__ import annotations

from collections.abc import Iterator

from prosa.ids import ConnectionId, UserId
from ws_gateway.arrival import Arrival
from ws_gateway.connection import Connection


class Hub:
    """The node's connections, by id and by user.

    A user's connections are a tuple that is replaced, never changed: most users have one, and a
    loop over it survives a connection that leaves meanwhile.
    """

    def __init__(self) -> None:
        self._by_id: dict[ConnectionId, Connection] = {}
        self._by_user: dict[UserId, tuple[Connection, ...]] = {}
        self._arrivals: dict[UserId, tuple[Arrival, ...]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Connection]:
        """All connections; the hub must not change meanwhile."""
        return iter(self._by_id.values())

    def expect(self, user_id: UserId) -> Arrival:
        """Note pokes of this user for a socket whose handshake begins."""
        arrival = Arrival(user_id)
        self._arrivals[user_id] = (*self.arriving(user_id), arrival)
        return arrival

    def expect_no_more(self, arrival: Arrival) -> None:
        """Its handshake is over, one way or the other; a second time changes nothing."""
        rest = tuple(each for each in self.arriving(arrival.user_id) if each is not arrival)
        if rest:
            self._arrivals[arrival.user_id] = rest
        else:
            self._arrivals.pop(arrival.user_id, None)

    def add(self, connection: Connection) -> None:
        self._by_id[connection.id] = connection
        self._by_user[connection.user_id] = (*self.of_user(connection.user_id), connection)

    def remove(self, connection: Connection) -> None:
        """Take it out; a second time changes nothing."""
        if self._by_id.pop(connection.id, None) is None:
            return
        rest = tuple(c for c in self.of_user(connection.user_id) if c is not connection)
        if rest:
            self._by_user[connection.user_id] = rest
        else:
            del self._by_user[connection.user_id]

    def find(self, connection_id: str) -> Connection | None:
        """The connection of that id if frames still reach it."""
        found = self._by_id.get(ConnectionId(connection_id))
        return found if found is not None and found.is_open else None

    def of_user(self, user_id: UserId) -> tuple[Connection, ...]:
        return self._by_user.get(user_id, ())

    def arriving(self, user_id: UserId) -> tuple[Arrival, ...]:
        return self._arrivals.get(user_id, ())

    def users(self) -> list[UserId]:
        return list(self._by_user)
