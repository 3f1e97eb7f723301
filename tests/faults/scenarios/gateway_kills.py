"""Row 5: gateways are killed while replies stream through them. Their clients go to another one and
hear on where they were.

Some of the clients talk, most only look: each of those is told something just before the kill and
while it is away, and must hear both once. What a dead gateway leaves in the connection map must
call nobody any more when its leases are over.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.faults.audience import all_heard, connected, require_each_once, watching
from tests.faults.ground import Ground
from tests.faults.load import load, reached
from tests.faults.numbered import Numbered, numbered_events
from tests.faults.processes import GatewayProcess, stop_all
from tests.faults.scenario import Scenario
from tests.faults.watchers import Watcher
from tests.faults.worker_jobs import busy_workers

TALKERS, WATCHERS = 20, 180
FEW_TALKERS, FEW_WATCHERS = 5, 25
"""In the short form."""

WORKERS = 2
GATEWAYS = 2
BETWEEN_S = (0.5, 1.5)
LEASE_S = 2.0
SLACK_S = 0.5
"""Beyond its lease: what a gateway sent just before its death, Redis may do just after it."""

BACK_S = 30.0
HEARD_S = 15.0
SETTLED_S, STOP_S = 60.0, 15.0


@dataclass(frozen=True)
class Kill:
    """What came of one. `waits` are the seconds until each of its watchers had a socket again."""

    node: str
    at: float
    waits: Sequence[float]

    @property
    def spread_s(self) -> float:
        """From the first to the last that came back."""
        return max(self.waits) - min(self.waits)


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Kill the fullest gateway `count` times; each is replaced at once."""
    is_full = count >= SCENARIO.full
    for _ in range(GATEWAYS):
        await _start(ground)
    workers = await ground.start_workers(WORKERS)
    kills: list[Kill] = []
    async with (
        numbered_events(ground.redis.url) as told,
        watching(ground, WATCHERS if is_full else FEW_WATCHERS) as watchers,
        load(ground, users=TALKERS if is_full else FEW_TALKERS) as met,
    ):
        for _ in range(count):
            await asyncio.sleep(ground.random.uniform(*BETWEEN_S))
            await busy_workers(workers, 1, ground.random)
            kills.append(await _kill(ground, watchers, told))
        await _leases_end(ground, kills, watchers, told)
        require_each_once(ground, watchers, told)
    await _others_leave(ground)
    waits = [wait for kill in kills for wait in kill.waits]
    return {
        "sockets_cut": len(waits),
        "back_median_s": statistics.median(waits),
        "back_max_s": max(waits),
        "spread_median_s": statistics.median(kill.spread_s for kill in kills),
        "spread_max_s": max(kill.spread_s for kill in kills),
        "named_after_death_max_s": max(_named_for_s(kill, told) for kill in kills),
        "events_told": sum(len(watcher.numbers) for watcher in watchers),
        "jobs_ended": met.ended,
    }


async def _start(ground: Ground) -> GatewayProcess:
    return await ground.start_gateway(
        PROSA_GATEWAY_NODE=f"node-{len(ground.gateways) + 1}",
        PROSA_GATEWAY_LEASE_S=str(LEASE_S),
        PROSA_GATEWAY_RENEW_S=str(LEASE_S / 3),
    )


async def _kill(ground: Ground, watchers: Sequence[Watcher], told: Numbered) -> Kill:
    """Kill one, and wait until everybody is back and has heard everything."""
    ports = ground.gateway_ports()
    fullest = max(ports, key=lambda port: len(connected(watchers, [port])))
    (gateway,) = (each for each in ground.gateways if each.is_alive and each.port == fullest)
    cut = connected(watchers, [fullest])
    users = [watcher.user_id for watcher in watchers]
    await told.tell(users)  # on its way when the gateway dies
    ground.history.fault("gateway_sigkill", gateway=gateway.name, watchers=len(cut))
    killed_at = time.monotonic()
    gateway.kill()
    await told.tell(users)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_start(ground))
        tasks.create_task(_all_back(ground, cut, watchers, killed_at))
    await told.tell(users)
    await all_heard(watchers, told, within_s=HEARD_S)
    return Kill(_node(gateway), killed_at, [watcher.back_at - killed_at for watcher in cut])


async def _all_back(
    ground: Ground, cut: Sequence[Watcher], watchers: Sequence[Watcher], killed_at: float
) -> None:
    """Raises TimeoutError."""

    def back() -> int:
        talking = sum(client.is_connected.is_set() for client in ground.clients)
        # One that was cut may not have noticed yet.
        late = sum(watcher.back_at < killed_at for watcher in cut)
        return len(connected(watchers)) - late + talking

    await reached(back, len(watchers) + len(ground.clients), within_s=BACK_S)


async def _leases_end(
    ground: Ground, kills: Sequence[Kill], watchers: Sequence[Watcher], told: Numbered
) -> None:
    """Tell everybody something until no append names a dead node, and hold the map to that."""
    dead, users = {kill.node for kill in kills}, [watcher.user_id for watcher in watchers]
    deadline = time.monotonic() + LEASE_S + 2 * SLACK_S
    is_named = True
    while is_named and time.monotonic() < deadline:
        began = time.monotonic()
        await told.tell(users)
        is_named = any(told.named_at.get(node, 0) >= began for node in dead)
        await asyncio.sleep(SLACK_S / 2)  # Redis' clock decides: there is nothing to await
    for kill in kills:
        named_s = _named_for_s(kill, told)
        detail = f"named as a node to wake {named_s:.2f} s after its death"
        ground.require(named_s <= LEASE_S + SLACK_S, detail, where=kill.node)
    for user_id in users:
        entries = (await told.log.connections(user_id)).values()
        nodes = [entry.partition(":")[2] for entry in entries]
        detail = f"stands in the connection map at {nodes}"
        ground.require(len(nodes) == 1 and not dead & {*nodes}, detail, where=user_id)
    await all_heard(watchers, told, within_s=HEARD_S)


def _named_for_s(kill: Kill, told: Numbered) -> float:
    """For how long after its death appends were told to wake it."""
    return max(0.0, told.named_at.get(kill.node, 0.0) - kill.at)


def _node(gateway: GatewayProcess) -> str:
    return gateway.logged("gateway_listening")[0]["node"]


async def _others_leave(ground: Ground) -> None:
    """An entry of a dead node stays while the user's others are renewed, for a lease at most."""
    await ground.settled(SETTLED_S)
    await asyncio.to_thread(stop_all, ground.gateways, grace_s=STOP_S)
    await asyncio.sleep(LEASE_S)


SCENARIO = Scenario(
    name="gateway_kills",
    row="5",
    title="Gateways killed in mid-stream (SIGKILL)",
    full=50,
    short=2,
    run=run,
)
