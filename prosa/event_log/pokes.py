"""What wakes a gateway node: the events of one append for all of its users, in one message.

A poke is a courtesy, never the truth: pub/sub drops what nobody hears. A gateway takes an event
from a poke when it is the next one, and reads the log when it is not.

`append.lua` writes and publishes it: one line per event, `<user> <cursor> <payload>`, in UTF-8. A
gateway cuts it apart and passes the payload on as the bytes it came as: it is neither decoded nor
encoded again. JSON written by `prosa.events.encode` holds no line break.
"""

from __future__ import annotations

from dataclasses import dataclass

from prosa.event_log.cursor import Cursor
from prosa.ids import UserId, is_user_id


@dataclass(frozen=True, slots=True)
class Poke:
    """One event as a gateway hears of it; `payload` is passed on unread."""

    user_id: UserId
    cursor: Cursor
    payload: bytes


def decode_pokes(message: bytes) -> list[Poke]:
    """Read what `append.lua` published, in its order. Raises ValueError on anything else."""
    return [_poke(line) for line in message.split(b"\n")]


def _poke(line: bytes) -> Poke:
    user, cursor, payload = line.split(b" ", 2)
    user_id = user.decode()
    if not is_user_id(user_id) or not payload.startswith(b"{"):
        raise ValueError("a poke reads <user> <cursor> <event>")
    return Poke(UserId(user_id), Cursor.parse(cursor.decode()), payload)
