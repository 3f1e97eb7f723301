"""How often something may be done, as settings write it: `20/minute`, or `20/minute;200/day`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNIT_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"\s*([1-9]\d*)\s*/\s*(second|minute|hour|day)\s*")


@dataclass(frozen=True, slots=True)
class Rate:
    """At any moment, no more than `amount` in the `unit` before it."""

    amount: int
    unit: str

    @property
    def window_s(self) -> int:
        return _UNIT_S[self.unit]

    def __str__(self) -> str:
        return f"{self.amount} a {self.unit}" if self.unit != "hour" else f"{self.amount} an hour"


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Read rates joined by `;`; all of them hold. Raises ValueError."""
    return tuple(_parse(part) for part in text.split(";"))


def _parse(text: str) -> Rate:
    found = _RATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a rate: write <number>/<second, minute, hour or day>")
    return Rate(int(found[1]), found[2])
