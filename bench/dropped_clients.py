"""2,000 clients lose their connections at once, and come back at once.

While events go on: one a second for each of them. Timed from the reset of the connections until
each client has what was said before it, over a new connection with a new ticket; issuing the
tickets is in it, the Lambda that would is not, nor the pause a page makes first. Then every event
must have come to every client, once and in order. No floor: the goals are 20 s, and none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench.gateway_process import (
    new_users,
    paths,
)
from bench.report import Figure, figure
from bench.rig import Rig, start_rig

CLIENTS = 2_000
ROUNDS = 6
BEFORE_S = 2.0
PROMISE_S = 20.0


def measure(runs: int) -> Iterator[Figure]:
    """Drop them again and again, each time with logs of their own."""
    with ExitStack() as stack:
        rig = start_rig(stack)
        rounds = [_drop(rig) for _ in range(runs)]
    yield figure(
        f"{CLIENTS:,} clients dropped at once, beside the {PROMISE_S:g} s all may take to resume",
        [took for took, _ in rounds],
        [PROMISE_S] * runs,
        unit="s",
        goal=1.0,
    )
    yield figure(
        f"events lost, doubled or out of order meanwhile, of {CLIENTS * ROUNDS * runs:,}, beside 1",
        [float(sum(faults for _, faults in rounds))],
        [1.0],
        unit="",
        goal=0.0,
    )


def _drop(rig: Rig) -> tuple[float, int]:
    """Gives how long it took, and how many events did not come as they should."""
    users = new_users(CLIENTS)
    rig.load.ask(
        "open",
        group="all",
        port=rig.gateway.port,
        paths=paths(rig.redis, users),
        reader="sequence",
        frames=1,
    )
    rig.writer.order("append", users=users, rounds=ROUNDS, per_s=CLIENTS)
    time.sleep(BEFORE_S)  # into the midst of what is said
    found = rig.load.ask(
        "drop_and_resume",
        group="all",
        port=rig.gateway.port,
        redis_url=rig.gateway.redis.url,
        users=users,
    )
    rig.writer.answer()
    faults = rig.load.ask("finish", group="all", newest=ROUNDS - 1, within_s=10)["faults"]
    rig.load.ask("close", group="all")
    return found["took_s"], faults
