"""Row 15: a gateway leaves with all its clients, who come back to another one, in order.

Of two gateways one holds everybody. It is told to go (SIGTERM): it gives each client a moment to
come back at, and closes them in slices (`ws_gateway/drain.py`). Each client asks the real handler
of `/ws-tickets` for a ticket, and, as behind a slow load balancer, may still knock at the one that
leaves.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import statistics
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence

from tests.faults.audience import all_heard, connected, require_each_once, watching
from tests.faults.ground import Ground
from tests.faults.load import reached
from tests.faults.numbered import Numbered, numbered_events
from tests.faults.processes import GatewayProcess
from tests.faults.scenario import Scenario
from tests.faults.watchers import Watcher
from ws_gateway.drain import RETURNS_PER_S

CLIENTS, FEW_CLIENTS = 2_000, 100
"""In full, and in the short form."""

DRAIN_S = 3.0
"""As in production: the rig's gateways leave faster."""

BACK_S = 30.0
"""On a machine where these clients take longer to connect when nothing leaves, twice that."""

HEARD_S = 30.0
EXIT_S = 30.0
WINDOW_S = 0.5
UNEVEN = 1.5
"""How far over its share a window may be: moments are drawn by chance."""


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Let all clients go from one gateway to the next, `count` times."""
    clients = CLIENTS if count >= SCENARIO.full else FEW_CLIENTS
    holder, began = await _start(ground), time.monotonic()
    waits: list[float] = []
    peaks: list[int] = []
    async with (
        numbered_events(ground.redis.url) as told,
        watching(ground, clients) as watchers,
    ):
        within_s = max(BACK_S, 2 * (time.monotonic() - began))
        for _ in range(count):
            following = await _start(ground)
            began = time.monotonic()
            await _go(ground, holder, following, watchers, told, within_s=within_s)
            waits += [watcher.back_at - began for watcher in watchers]
            peaks.append(most_within(1.0, [watcher.back_at for watcher in watchers]))
            _require_moments_apart(ground, holder, watchers)
            holder = following
        require_each_once(ground, watchers, told)
    failures = sum((watcher.failures for watcher in watchers), Counter[str]())
    _require_tickets(ground, failures)
    ground.require(max(peaks) <= 2 * RETURNS_PER_S, f"{max(peaks)} sockets were accepted in 1 s")
    return {
        "clients": clients,
        "back_median_s": statistics.median(waits),
        "back_max_s": max(waits),
        "accepts_peak_per_s": max(peaks),
        "tries_in_vain": failures.total(),
        "events_told": sum(len(watcher.numbers) for watcher in watchers),
    }


async def _start(ground: Ground) -> GatewayProcess:
    gateway = await ground.start_gateway(PROSA_GATEWAY_DRAIN_S=str(DRAIN_S))
    if sys.platform == "linux":  # a socket is a file, and many systems allow 1,024
        for pid in (0, gateway.pid):
            _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    return gateway


async def _go(
    ground: Ground,
    holder: GatewayProcess,
    following: GatewayProcess,
    watchers: Sequence[Watcher],
    told: Numbered,
    *,
    within_s: float,
) -> None:
    """Send everybody from `holder` to `following`, and tell them things all the while."""
    users = [watcher.user_id for watcher in watchers]
    await told.tell(users)
    ground.history.fault("gateway_sigterm", gateway=holder.name, clients=len(watchers))
    holder.send(signal.SIGTERM)
    coming = asyncio.create_task(
        reached(
            lambda: len(connected(watchers, [following.port])), len(watchers), within_s=within_s
        )
    )
    try:
        while not coming.done():
            await told.tell(users)
            await asyncio.wait({coming}, timeout=1.0)
    finally:
        coming.cancel()  # where it is done, that changes nothing
    await coming
    await told.tell(users)
    await all_heard(watchers, told, within_s=HEARD_S)
    code = await holder.exited(within_s=EXIT_S)
    ground.require(code == 0, f"ended with {code}", where=holder.name)


def _require_moments_apart(
    ground: Ground, holder: GatewayProcess, watchers: Sequence[Watcher]
) -> None:
    """Hold a gateway to spread those it sends away, over a second and as many as others admit."""
    moments = [watcher.moments.pop() for watcher in watchers if watcher.moments]
    ground.require(
        len(moments) == len(watchers),
        f"{len(watchers) - len(moments)} clients were not told to come back",
        where=holder.name,
    )
    share = min(RETURNS_PER_S, len(watchers)) * WINDOW_S
    most = most_within(WINDOW_S, moments)
    detail = f"{most} clients were asked to come back within {WINDOW_S} s"
    ground.require(most <= share * UNEVEN, detail, where=holder.name)


def _require_tickets(ground: Ground, failures: Mapping[str, int]) -> None:
    """The API gave everyone a ticket at the first try: no 5xx, and no 429 either."""
    refused = {each: n for each, n in failures.items() if each.startswith(("NoT", "FunctionG"))}
    ground.require(not refused, f"tickets were refused: {refused}")
    ground.history.note(failures=dict(failures))


def most_within(window_s: float, moments: Sequence[float]) -> int:
    """How many of `moments` lie in the window, of this many seconds, that holds the most."""
    ordered = sorted(moments)
    return max(
        (bisect_right(ordered, first + window_s) - i for i, first in enumerate(ordered)), default=0
    )


SCENARIO = Scenario(
    name="herds",
    row="15",
    title="Herds: a gateway leaves with all its clients (SIGTERM)",
    full=10,
    short=1,
    run=run,
)
