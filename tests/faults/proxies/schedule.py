"""Which calls go wrong, and how: drawn per operation, so that it does not hang on their order.

The n-th call of an operation by one side has the same fate in every run with the same seed,
whatever calls of others come between.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the proxy does to a call."""

    INTERNAL = "internal"
    """500: an error of the service's own."""
    THROTTLE = "throttle"
    """The service's own way to ask for patience."""
    LATENCY = "latency"
    """A late answer; it is applied."""
    RESET = "reset"
    """The connection is reset, and the service heard nothing."""
    LOST = "lost"
    """The service did what it was asked, and the connection ends without its answer."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one call. `is_applied`: the service did what it was asked."""

    kind: Kind
    is_applied: bool
    delay_s: float = 0.0


FATES: Sequence[Fate] = (
    Fate(Kind.INTERNAL, is_applied=False),
    Fate(Kind.INTERNAL, is_applied=True),
    Fate(Kind.THROTTLE, is_applied=False),
    Fate(Kind.THROTTLE, is_applied=False),
    Fate(Kind.LATENCY, is_applied=True, delay_s=0.5),
    Fate(Kind.LATENCY, is_applied=True, delay_s=5.0),
    Fate(Kind.RESET, is_applied=False),
    Fate(Kind.RESET, is_applied=False),
    Fate(Kind.LOST, is_applied=True),
    Fate(Kind.LOST, is_applied=True),
)
"""Each kind is as likely as the others, and so is each mode of a kind."""

SPELLS: Sequence[int] = (1, 1, 2, 3, 5)
"""Calls of an operation that go wrong in a row: from three on, the SDK's own retries give up."""


class Schedule:
    """Begins a spell with `rate` per call of an operation."""

    def __init__(
        self,
        seed: int,
        *,
        rate: float,
        fates: Sequence[Fate] = FATES,
        spells: Sequence[int] = SPELLS,
    ) -> None:
        self._seed = seed
        self._rate = rate
        self._fates = fates
        self._spells = spells
        self._chances: dict[str, random.Random] = {}
        self._left: dict[str, int] = {}

    def draw(self, operation: str) -> Fate | None:
        """What becomes of the next call of `operation`; None: nothing."""
        chance = self._chances.setdefault(operation, random.Random(f"{self._seed}/{operation}"))
        left = self._left.get(operation, 0)
        if left == 0:
            if chance.random() >= self._rate:
                return None
            left = chance.choice(self._spells)
        self._left[operation] = left - 1
        return chance.choice(self._fates)
