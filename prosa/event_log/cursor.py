"""A client's place in its log: `<epoch>:<seq>`.

The number alone cannot tell a log that was lost and begun anew from the one the client knew; the
epoch, made once per life of a log, does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_CURSOR = re.compile(r"([0-9a-f]{8,32}):(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """After event `seq` of the log's life `epoch`; 0 stands before the first."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    def no_later_than(self, other: Cursor) -> Cursor:
        """The earlier of both; `other`, as the newer reading, when the log's life changed."""
        return self if self.epoch == other.epoch and self.seq < other.seq else other

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<epoch>:<seq>`. Raises ValueError on anything else."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise ValueError("a cursor reads <epoch>:<seq>")
        return cls(match[1], int(match[2]))
