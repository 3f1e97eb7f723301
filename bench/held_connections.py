"""What a held connection costs the gateway in memory, idle and after 100 events.

Five are of each user (one each would cost Redis a million appends, and the gateway a quarter of
a KiB more). Floor: as many connections to a bare `websockets` server without compression, after 100
messages of the same length. Counted is the resident memory of the process beside what it had before
the connections; not what the kernel buffers for them. It hardly differs from run to run, and 10,000
connections take their time: so there is one run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.gateway_process import new_users, paths
from bench.helper_process import Helper, memory_kib_of
from bench.log_writer import event
from bench.report import Figure, figure
from bench.rig import start_rig

CONNECTIONS = 10_000
USERS = 2_000
EVENTS = 100
MOST_RUNS = 1
WARM_UP = 50
TICK = 128
CURSOR_BYTES = len('"cursor":"0123456789ab:123",')


def measure(runs: int) -> Iterator[Figure]:
    """Hold the connections of one server after those of the other."""
    rounds = [(_gateway(), _floor()) for _ in range(min(runs, MOST_RUNS))]
    for at, (what, goal) in enumerate((("idle", 1.4), (f"after {EVENTS} events each", 1.5))):
        yield figure(
            f"memory per connection, {CONNECTIONS:,} held {what}",
            [gateway[at] for gateway, _ in rounds],
            [floor[at] for _, floor in rounds],
            unit="KiB",
            goal=goal,
        )


def _gateway() -> tuple[float, float]:
    with ExitStack() as stack:
        rig = start_rig(stack)
        warm = paths(rig.redis, new_users(WARM_UP))
        rig.load.ask("open", group="warm", port=rig.gateway.port, paths=warm, frames=1)
        before = memory_kib_of(rig.gateway.pid)
        users = new_users(USERS)
        for _ in range(CONNECTIONS // USERS):  # so that no ticket grows too old
            asked = paths(rig.redis, users)
            rig.load.ask("open", group="held", port=rig.gateway.port, paths=asked, frames=1)
        idle = memory_kib_of(rig.gateway.pid)
        rig.writer.ask("append", users=users, rounds=EVENTS, tick=TICK)
        rig.load.ask("expect", group="held", frames=CONNECTIONS * (EVENTS + 1))
        after = memory_kib_of(rig.gateway.pid)
    return (idle - before) / CONNECTIONS, (after - before) / CONNECTIONS


def _floor() -> tuple[float, float]:
    with Helper("bench.socket_floor") as floor, Helper("bench.socket_load") as load:
        port = floor.ask("serve")["port"]
        warm = [f"/warm/{n}" for n in range(WARM_UP)]
        load.ask("open", group="warm", port=port, paths=warm)
        before = memory_kib_of(floor.pid)
        held = [f"/held/{n}" for n in range(CONNECTIONS)]
        load.ask("open", group="held", port=port, paths=held)
        idle = memory_kib_of(floor.pid)
        text = event(EVENTS) + " " * CURSOR_BYTES
        floor.ask("fan_out", rounds=EVENTS, text=text)
        load.ask("expect", group="held", frames=CONNECTIONS * EVENTS)
        after = memory_kib_of(floor.pid)
    return (idle - before) / CONNECTIONS, (after - before) / CONNECTIONS
