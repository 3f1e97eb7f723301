"""How many connections the gateway lets in a second: ticket, map entry, and an event it missed.

Each is of a user of its own and resumes after a cursor, one event behind. Floor: plain handshakes
of a bare `websockets` server with the same gc settings. The client is the same, with as many
handshakes under way. Issuing the tickets is not counted. CPU is the server's alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.gateway_process import (
    new_users,
    paths,
)
from bench.helper_process import Helper, cpu_s_of
from bench.report import Figure, figure
from bench.rig import Rig, start_rig

CONNECTS = 2_000


def measure(runs: int) -> Iterator[Figure]:
    """Open them, close them, in turn here and there; the first round warms."""
    with ExitStack() as stack:
        rig = start_rig(stack)
        floor = stack.enter_context(Helper("bench.socket_floor"))
        port = floor.ask("serve")["port"]
        ours: list[tuple[float, float]] = []
        bare: list[tuple[float, float]] = []
        for _ in range(runs + 1):
            bare.append(_bare(floor, rig.load, port))
            ours.append(_authenticated(rig))
    yield figure(
        "authenticated connects/s",
        [rate for rate, _ in ours[1:]],
        [rate for rate, _ in bare[1:]],
        unit="/s",
        goal=0.6,
        higher_is_better=True,
    )
    yield figure(
        "CPU per authenticated connect",
        [cpu for _, cpu in ours[1:]],
        [cpu for _, cpu in bare[1:]],
        unit="us",
    )


def _authenticated(rig: Rig) -> tuple[float, float]:
    users = new_users(CONNECTS)
    cursors = rig.writer.ask("append", users=users, rounds=1)["cursors"]
    rig.writer.ask("append", users=users, rounds=1, first=1)
    asked = paths(rig.redis, users, after=cursors)
    # `connected` and the event it missed
    return _timed(rig.load, rig.gateway.pid, rig.gateway.port, asked, frames=2)


def _bare(floor: Helper, load: Helper, port: int) -> tuple[float, float]:
    return _timed(load, floor.pid, port, [f"/{n}" for n in range(CONNECTS)], frames=0)


def _timed(
    load: Helper, pid: int, port: int, asked: list[str], *, frames: int
) -> tuple[float, float]:
    """Connects per second, and CPU microseconds of the server for each."""
    cpu_began = cpu_s_of(pid)
    took_s = load.ask("open", group="new", port=port, paths=asked, frames=frames)["took_s"]
    cpu_us = (cpu_s_of(pid) - cpu_began) / CONNECTS * 1e6
    load.ask("close", group="new")
    return CONNECTS / took_s, cpu_us
