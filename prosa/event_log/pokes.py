"""What wakes a gateway node: the events of one tick for all of its users, in one message.

A poke is a courtesy, never the truth: pub/sub drops what nobody hears. A gateway takes an event
from a poke when it is the next one, and reads the log when it is not.

A message is one line per event, `<user> <cursor> <payload>`, in UTF-8. A gateway cuts it apart and
passes the payload on as the bytes it came as: it is neither decoded nor encoded again. JSON written
by `prosa.events.encode` holds no line break.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from prosa.event_log.cursor import Cursor
from prosa.event_log.protocol import Append, Appended
from prosa.ids import UserId, is_user_id


@dataclass(frozen=True, slots=True)
class Poke:
    """One event as a gateway hears of it; `payload` is passed on unread."""

    user_id: UserId
    cursor: Cursor
    payload: bytes


def pokes_by_node(pairs: Iterable[tuple[Append, Appended]]) -> dict[str, str]:
    """Gather the appended events per gateway node and encode each node's share as one message."""
    shares: defaultdict[str, list[str]] = defaultdict(list)
    for append, result in pairs:
        if result.cursor is None:
            continue
        line = f"{append.user_id} {result.cursor} {append.payload}"
        for node in result.nodes:
            shares[node].append(line)
    return {node: "\n".join(share) for node, share in shares.items()}


def decode_pokes(message: bytes) -> list[Poke]:
    """Read what `pokes_by_node` wrote, in its order. Raises ValueError on anything else."""
    return [_poke(line) for line in message.split(b"\n")]


def _poke(line: bytes) -> Poke:
    user, cursor, payload = line.split(b" ", 2)
    user_id = user.decode()
    if not is_user_id(user_id) or not payload.startswith(b"{"):
        raise ValueError("a poke reads <user> <cursor> <event>")
    return Poke(UserId(user_id), Cursor.parse(cursor.decode()), payload)
