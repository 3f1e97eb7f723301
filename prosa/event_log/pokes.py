"""What wakes a gateway node: the events of one tick for all of its users, in one message.

A poke is a courtesy, never the truth: pub/sub drops what nobody hears. A gateway takes an event
from a poke when it is the next one, and reads the log when it is not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import StrictInt, StrictStr, TypeAdapter

from prosa.event_log.cursor import Cursor
from prosa.event_log.protocol import Append, Appended
from prosa.ids import UserId


@dataclass(frozen=True, slots=True)
class Poke:
    """One event as a gateway hears of it; `payload` is passed on unread."""

    user_id: UserId
    cursor: Cursor
    payload: str


def pokes_by_node(pairs: Iterable[tuple[Append, Appended]]) -> dict[str, str]:
    """Gather the appended events per gateway node and encode each node's share as one message."""
    shares: defaultdict[str, list[tuple[str, str, int, str]]] = defaultdict(list)
    for append, result in pairs:
        if result.cursor is None:
            continue
        item = (append.user_id, result.cursor.epoch, result.cursor.seq, append.payload)
        for node in result.nodes:
            shares[node].append(item)
    return {node: json.dumps(share, separators=(",", ":")) for node, share in shares.items()}


def decode_pokes(message: str) -> list[Poke]:
    """Read what `pokes_by_node` wrote, in its order. Raises ValueError on anything else."""
    return [
        Poke(UserId(user), Cursor(epoch, seq), payload)
        for user, epoch, seq, payload in _share.validate_json(message)
    ]


_share = TypeAdapter(list[tuple[StrictStr, StrictStr, StrictInt, StrictStr]])
