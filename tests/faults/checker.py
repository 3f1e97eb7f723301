"""Reads a history and what was stored, and names every promise that was broken. Offline and pure:
the same files give the same verdict, also a year later."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from tests.faults.history import Line
from tests.faults.invariants.evidence import Evidence, Expected, Violation
from tests.faults.invariants.liveness import check_liveness
from tests.faults.invariants.order import check_order
from tests.faults.invariants.privacy import check_privacy
from tests.faults.invariants.promises import check_promises, check_replies
from tests.faults.invariants.remains import check_calls, check_keys, check_memory, check_queues
from tests.faults.invariants.streams import check_streams
from tests.faults.stored import Stored

_CHECKS: Sequence[Callable[[Evidence], Iterator[Violation]]] = (
    check_promises,  # I1
    check_replies,  # I2
    check_streams,  # I3
    check_order,  # I4
    check_calls,  # I5
    check_queues,  # I6
    check_keys,  # I7
    check_privacy,  # I8
    check_liveness,  # I9
    check_memory,  # I10
)


def check(
    lines: Sequence[Line], stored: Stored, expected: Expected | None = None
) -> list[Violation]:
    """Check all invariants; an empty list is a pass."""
    # Who leaves when it is over no longer waits; that is not what the history is about.
    seen = list(itertools.takewhile(lambda line: line["what"] != "over", lines))
    evidence = Evidence(seen, stored, expected or Expected())
    return [violation for each in _CHECKS for violation in each(evidence)]
