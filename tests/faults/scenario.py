"""What a scenario of the fault rig is. Each module of `tests/faults/scenarios` exposes one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.ground import Ground


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One kind of fault, injected `full` times in the full run and `short` times in `make test`.

    `run` is given the real parts and the number of faults, and returns when the last of them is
    over and everything has settled; what it returns are measured figures for the report, say
    `{"unblocked_max_s": 2.4}`. It decides nothing about right and wrong beyond its own figures:
    the checker reads the history and the store when `run` has returned.
    """

    name: str
    row: str
    title: str
    full: int
    short: int
    run: Callable[[Ground, int], Awaitable[Mapping[str, int | float]]]
    behind_proxies: bool = False
    """Whether Redis and AWS are reached through proxies that can fail: they cost CPU."""

    dead_letters_per_fault: int = 0
    """How many messages each fault must leave in the dead-letter queue (I6)."""

    settles_within_s: float = 60.0
    """How long after `run` everything accepted may take to end and be told (I9)."""

    clocks_differ: bool = False
    """Whether times that processes wrote cannot be compared (I4 then goes by the log alone)."""

    without: str | None = None
    """A safeguard that its services lack (`without.py`): then it must find violations."""

    def lacking(self, safeguard: str | None) -> Scenario:
        """The same faults with services that lack `safeguard`."""
        return replace(self, without=safeguard)
