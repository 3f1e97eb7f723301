"""Row 14: thousands who come with nothing, hold connections, or send bombs; others feel none of it.

The attackers run in processes of their own. Each fault has one right answer, which stands beside it
in `handshake_faults.py` and `socket_faults.py`. What the gateway spends on them is measured from
when it has seen a few of each.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.ports import free_ports
from prosa.redis_client import POOL
from tests.faults.answers import numbered_answers
from tests.faults.attack import Outcome
from tests.faults.ground import Ground
from tests.faults.handshake_faults import BAD_HANDSHAKES
from tests.faults.load import Load, load, reached
from tests.faults.processes import GatewayProcess
from tests.faults.raw_connections import SLOW
from tests.faults.scenario import Scenario
from tests.faults.siege import Fault, Siege
from tests.faults.socket_faults import BOMBS, FLOODS, OVERSIZE
from tests.faults.witness import Witness, witness

FULL = 10_700
SLOW_SHARE, BOMBS_SHARE, OVERSIZE_SHARE, FLOODS_SHARE = 500, 100, 100, 10
"""Of `FULL`; the rest are bad handshakes."""

WORKERS = 2
USERS = 4
OPEN_TIMEOUT_S = 2.0
CALM_EVENTS = 60
ALL_GONE_S = OPEN_TIMEOUT_S + 3.0
FILES_SLACK = POOL
"""Connections to Redis, which are opened as they are needed, and stay."""

MOST_GROWTH_MIB = 50.0
KIB_IN_MIB = 1024.0
P99_MS, TIMES_CALM = 250.0, 5
"""Of the good client's events, or so many times what they took before: attackers, gateway and rig
share two cores, not always alone."""

TICKET = re.compile(r"usr_\w{26}\.[\w-]{20}")
"""As far as it must be known to be one."""

_HANDSHAKES: Sequence[Fault] = [(kind, fault.door) for kind, fault in BAD_HANDSHAKES.items()]
_SLOW: Sequence[Fault] = list(itertools.product(SLOW, ("sockets", "events")))


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Commit `count` faults at both doors of a gateway, beside users who talk."""
    ground.llm.choose = numbered_answers(pieces=12)
    (events_port,) = free_ports(1)
    gateway = await ground.start_gateway(
        PROSA_GATEWAY_EVENTS_PORT=str(events_port), PROSA_GATEWAY_OPEN_TIMEOUT_S=str(OPEN_TIMEOUT_S)
    )
    await ground.start_workers(WORKERS)
    ports = {"sockets": gateway.port, "events": events_port}
    siege = Siege(ground, ports, open_timeout_s=OPEN_TIMEOUT_S)
    try:
        async with load(ground, users=USERS) as met, witness(ground, gateway.port) as seen:
            figures = await _besiege(ground, gateway, siege, count, seen)
            await _others_go_on(ground, met)
    finally:
        await asyncio.to_thread(siege.close)
    return figures | {"jobs_ended": met.ended}


async def _besiege(
    ground: Ground, gateway: GatewayProcess, siege: Siege, count: int, seen: Witness
) -> dict[str, int | float]:
    """All faults, one part after the other; holds the gateway to what it may spend on them."""
    slow, bombs, oversize, floods = shares(count)
    handshakes = count - slow - bombs - oversize - floods
    await siege.commit([*_HANDSHAKES, *_sockets(BOMBS, len(BOMBS))])
    await reached(lambda: len(seen.waits_s), CALM_EVENTS, within_s=60)
    calm_ms, begin = seen.p99_ms(), len(seen.waits_s)
    before_kib, files_before = _kib(gateway, "VmRSS"), gateway.memory()[1]
    held_before = siege.held()
    siege.outcomes.clear()
    took_s = await siege.commit(_cycle(_HANDSHAKES, handshakes))
    await siege.commit(_cycle(_SLOW, slow), all_at_once=True)
    await siege.commit(_sockets(BOMBS, bombs) + _sockets(OVERSIZE, oversize))
    await siege.commit(_sockets(FLOODS, floods))
    ground.require(gateway.is_alive, "the gateway died")
    peak = (_kib(gateway, "VmHWM") - before_kib) / KIB_IN_MIB
    ground.require(peak < MOST_GROWTH_MIB, f"the gateway grew by {peak:.0f} MiB")
    p99_ms = seen.p99_ms(begin)
    most_ms = max(P99_MS, TIMES_CALM * calm_ms)
    ground.require(p99_ms <= most_ms, f"good clients waited {p99_ms:.0f} ms, calm {calm_ms:.0f}")
    await _all_go(ground, siege, held_before)
    log = gateway.log_path.read_text(encoding="utf-8")
    ground.require(not TICKET.search(log), "a ticket is in the log", where=gateway.name)
    files_after = gateway.memory()[1]
    ground.require(
        files_after <= files_before + FILES_SLACK,
        f"{files_before} open files became {files_after}",
        where=gateway.name,
    )
    return {
        **_by_answer(siege.outcomes),
        "cut_by_timeout": siege.late,
        "handshakes_per_s": handshakes / took_s,
        "cut_after_max_s": max(each.seconds for each in siege.outcomes if each.kind in SLOW),
        "peak_growth_mib": peak,
        "growth_left_mib": (_kib(gateway, "VmRSS") - before_kib) / KIB_IN_MIB,
        "errors_logged": log.count('"level": "ERROR"'),
        "files_before": files_before,
        "files_after": files_after,
        "calm_p99_ms": calm_ms,
        "p99_ms": p99_ms,
    }


def shares(count: int) -> tuple[int, int, int, int]:
    """How many of `count` are slow, bombs, oversize and floods."""
    parts = (SLOW_SHARE, BOMBS_SHARE, OVERSIZE_SHARE, FLOODS_SHARE)
    slow, bombs, oversize, floods = (-(-count * part // FULL) for part in parts)
    return slow, bombs, oversize, floods


async def _all_go(ground: Ground, siege: Siege, before: int) -> None:
    """Nobody is left at the doors but who was there before."""
    try:
        await reached(lambda: before - siege.held(), 0, within_s=ALL_GONE_S)
    except TimeoutError:
        ground.require(False, f"{siege.held()} connections are held, not {before}")  # noqa: FBT003 - found


async def _others_go_on(ground: Ground, met: Load) -> None:
    """Whoever talked before is connected still, by the same socket, and is answered."""
    cut = [line["who"] for line in ground.history.lines() if line["what"] == "closed"]
    ground.require(not cut, f"good clients lost their sockets: {cut}")
    await reached(lambda goal=met.ended + USERS: met.ended - goal, 0, within_s=60)


def _cycle(faults: Sequence[Fault], count: int) -> list[Fault]:
    return list(itertools.islice(itertools.cycle(faults), count))


def _sockets(kinds: Mapping[str, object], count: int) -> list[Fault]:
    return _cycle([(kind, "sockets") for kind in kinds], count)


def _by_answer(outcomes: Sequence[Outcome]) -> dict[str, int]:
    found = Counter(f"{each.door}_{each.answer.replace(' ', '_')}" for each in outcomes)
    return dict(sorted(found.items()))


def _kib(process: GatewayProcess, name: str) -> int:
    """A line of the kernel's account of its memory; for Linux."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name))


SCENARIO = Scenario(
    name="bad_handshakes",
    row="14",
    title="Handshakes that are none, idlers, bombs and floods at both doors of a gateway",
    full=FULL,
    short=200,
    run=run,
)
