"""Row 3: workers freeze for longer than their messages are invisible, and wake as zombies.

A zombie finds the rest of its replies in its sockets, believes that it owns them, and goes on. As
soon as a heartbeat is due it sees by its own clock that its messages are others' by now. Until then
the log's fence and the table's conditions must keep its words from every reader: half the workers
have heartbeats so rare that nothing else stops them.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping

from tests.faults.answers import numbered_answers
from tests.faults.ground import Ground
from tests.faults.load import load
from tests.faults.processes import WorkerProcess
from tests.faults.scenario import Scenario
from tests.faults.worker_jobs import busy_workers, jobs_in_hand

HEARTBEATS_S = ("0.6", "0.6", "30", "30")
"""Of the workers."""

PIECES = 18
"""Replies end within the visibility, for the sake of those who do not renew it."""

AT_ONCE = 2
"""Frozen workers side by side; the others go on."""

USERS = 16

WARM = 20
"""Freezes after which pools and caches have the size that they keep."""

FROZEN_S = (2.2, 3.4)
"""Longer than the visibility of 2 s, by little and by much."""

AWAKE_S = 1.5
"""At least, between two freezes of a worker: it is to have work when it freezes again."""


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Freeze busy workers `count` times. The same workers live through it all."""
    ground.llm.choose = numbered_answers(pieces=PIECES)
    gateway = await ground.start_gateway()
    workers = await asyncio.gather(*(_start(ground, each) for each in HEARTBEATS_S))
    awake = list(workers)
    places = asyncio.Semaphore(AT_ONCE)
    async with (
        load(ground, users=USERS, impatient=USERS // 4) as met,
        asyncio.TaskGroup() as freezing,
    ):
        for number in range(count):
            await places.acquire()
            if number == WARM:
                for process in (gateway, *workers):
                    ground.baseline(process)
            (worker,) = await busy_workers(awake, 1, ground.random)
            awake.remove(worker)
            frozen_s = ground.random.uniform(*FROZEN_S)
            freezing.create_task(_freeze(ground, worker, frozen_s, places, awake))
    noticed = {
        message: sum(len(worker.logged(message)) for worker in workers)
        for message in ("lease_lost", "fenced")
    }
    if count > WARM:  # else it is chance which of them was needed
        ground.require(all(noticed.values()), f"some safeguard was never needed: {noticed}")
    ground.require(all(worker.is_alive for worker in workers), "a zombie died")
    return {**noticed, "jobs_ended": met.ended}


async def _start(ground: Ground, heartbeat_s: str) -> WorkerProcess:
    (worker,) = await ground.start_workers(1, PROSA_WORKER_HEARTBEAT_S=heartbeat_s)
    return worker


async def _freeze(
    ground: Ground,
    worker: WorkerProcess,
    frozen_s: float,
    places: asyncio.Semaphore,
    awake: list[WorkerProcess],
) -> None:
    held = jobs_in_hand(worker)
    ground.history.fault("freeze", worker=worker.name, frozen_s=frozen_s, jobs=held)
    worker.send(signal.SIGSTOP)
    await asyncio.sleep(frozen_s)
    worker.send(signal.SIGCONT)
    places.release()
    await asyncio.sleep(AWAKE_S)
    awake.append(worker)


SCENARIO = Scenario(
    name="zombies",
    row="3",
    title="Workers frozen beyond their visibility, and thawed (SIGSTOP, SIGCONT)",
    full=100,
    short=4,
    run=run,
)
