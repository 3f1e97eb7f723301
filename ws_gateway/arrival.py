"""A socket in its handshake: what its user was told of meanwhile."""

from __future__ import annotations

from prosa.event_log.cursor import Cursor
from prosa.ids import UserId


class Arrival:
    """A socket in its handshake. `poked` is the newest event the node was told of meanwhile.

    Its user is the one its ticket names, which nobody has checked yet: it is sent nothing, and
    takes no place of that user's.
    """

    __slots__ = ("poked", "user_id")

    def __init__(self, user_id: UserId) -> None:
        self.user_id = user_id
        self.poked: Cursor | None = None
