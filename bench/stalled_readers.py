"""What 950 readers notice of 50 others whose sockets are open and read nothing.

1,000 users with a socket each, 5,000 events a second for all of them in turn, in ticks as a worker
appends them; measured is an event's way from before its append to the parsed frame. The 50 were
sent before more than their buffers hold. Floor: the same with 50 that read. A worker's own tick
(15 ms) is not in it: it would hide what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.gateway_process import (
    new_users,
    paths,
)
from bench.report import Figure, figure
from bench.rig import Rig, start_rig
from prosa.ids import UserId

READERS, OTHERS = 950, 50
EVENTS_PER_S = 5_000
ROUNDS = 15
"""Some 3 s: the gateway closes a stalled socket after 10."""

FILL_ROUNDS, FILL_BYTES = 24, 16 * 1024
"""Kernel and gateway hold 200 KiB for a socket; these are twice as much."""


def measure(runs: int) -> Iterator[Figure]:
    """With and without, in turn; the first round warms."""
    with ExitStack() as stack:
        crowd = _Crowd(start_rig(stack))
        rounds = [(crowd.p99_ms(stalls=False), crowd.p99_ms(stalls=True)) for _ in range(runs + 1)]
    yield figure(
        f"p99 of {READERS} readers beside {OTHERS} stalled ones",
        [stalled for _, stalled in rounds[1:]],
        [reading for reading, _ in rounds[1:]],
        unit="ms",
        goal=1.3,
    )


class _Crowd:
    def __init__(self, rig: Rig) -> None:
        self._port = rig.gateway.port
        self._redis = rig.redis
        self._load, self._writer = rig.load, rig.writer
        self._users = new_users(READERS)
        self._open("readers", self._users)
        self._read = READERS

    def p99_ms(self, *, stalls: bool) -> float:
        """Send to all, and ask the readers."""
        others = new_users(OTHERS)
        self._open("others", others, is_tiny=stalls)
        if stalls:
            self._load.ask("stall", group="others")
            self._writer.ask("append", users=others, rounds=FILL_ROUNDS, pad=FILL_BYTES)
        users = _interleaved(self._users, others)
        self._writer.ask("append", users=users, rounds=ROUNDS, per_s=EVENTS_PER_S)
        self._read += READERS * ROUNDS
        found = self._load.ask("expect", group="readers", frames=self._read)
        self._load.ask("close", group="others")
        return found["p99_ms"]

    def _open(self, group: str, users: list[UserId], *, is_tiny: bool = False) -> None:
        self._load.ask(
            "open",
            group=group,
            port=self._port,
            paths=paths(self._redis, users),
            reader="delays",
            frames=1,
            is_tiny=is_tiny,
        )


def _interleaved(many: list[UserId], few: list[UserId]) -> list[UserId]:
    """The few among the many: in each tick are some of them."""
    step = len(many) // len(few)
    parts = [[*many[n * step : (n + 1) * step], user] for n, user in enumerate(few)]
    return [user for part in parts for user in part]
