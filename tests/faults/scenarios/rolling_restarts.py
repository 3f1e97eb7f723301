"""Row 4: a deploy after the other under load. Nothing stays in flight, nothing counts as a try.

A message that a worker left in flight would hold up its conversation for the whole visibility,
which is long here: so the wait of every reader, and of every job that was cut, tells of it.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from tests.faults.ground import Ground
from tests.faults.load import load
from tests.faults.processes import WorkerProcess
from tests.faults.scenario import Scenario
from tests.faults.stored import jobs_of

WORKERS = 3
USERS = 16
VISIBILITY_S = 20
POLL_WAIT_S = 1
BETWEEN_S = (0.2, 1.5)

PATIENT_S = 10.0
"""A stop timeout in which every running reply can end."""

HURRIED_S = 0.3
"""One in which none that has just begun can: it is given back."""

EXIT_S = POLL_WAIT_S + 2.0
"""Beyond its stop timeout a worker has its last poll to wait for, and messages to give back."""

GOES_ON_S = 5.0
"""A job that was given back is claimed anew within this; far below the visibility."""


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Replace a worker `count` times; half of them may finish what they write."""
    await ground.start_gateway()
    alive = [await _start(ground, PATIENT_S), await _start(ground, HURRIED_S)]
    slowest = 0.0
    async with load(ground, users=USERS, impatient=USERS // 4) as met:
        for number in range(count):
            alive.append(await _start(ground, PATIENT_S if number % 2 else HURRIED_S))
            await asyncio.sleep(ground.random.uniform(*BETWEEN_S))
            worker, stop_timeout_s = alive.pop(0)
            took_s = await _stop(ground, worker)
            slowest = max(slowest, took_s - stop_timeout_s)
    ground.require(slowest <= EXIT_S, f"a worker ended {slowest:.1f} s after its stop timeout")
    waits = list(waits_after_release(ground.workers))
    ground.require(
        max(waits, default=0.0) <= GOES_ON_S, f"a job given back waited {max(waits):.1f} s"
    )
    ground.require(
        max(met.waits) < VISIBILITY_S, f"somebody waited {max(met.waits):.1f} s", where="in flight"
    )
    tries = await asyncio.to_thread(_tries_used, ground)
    ground.require(tries == 0, f"{tries} tries were used up by restarts")
    return {
        "exit_after_timeout_max_s": slowest,
        "replies_cut": len(waits),
        "goes_on_max_s": max(waits, default=0.0),
        "wait_max_s": max(met.waits),
        "tries_used": tries,
        "jobs_ended": met.ended,
    }


async def _start(ground: Ground, stop_timeout_s: float) -> tuple[WorkerProcess, float]:
    (worker,) = await ground.start_workers(
        1,
        PROSA_WORKER_VISIBILITY_S=str(VISIBILITY_S),
        PROSA_WORKER_HEARTBEAT_S="5",
        PROSA_WORKER_POLL_WAIT_S=str(POLL_WAIT_S),
        PROSA_WORKER_STOP_TIMEOUT_S=str(stop_timeout_s),
    )
    return worker, stop_timeout_s


async def _stop(ground: Ground, worker: WorkerProcess) -> float:
    """SIGTERM; gives the seconds until the process ended."""
    ground.history.fault("sigterm", worker=worker.name)
    began = time.monotonic()
    worker.send(signal.SIGTERM)
    code = await worker.exited(within_s=60)
    ground.require(code == 0, f"ended with {code}", where=worker.name)
    return time.monotonic() - began


def waits_after_release(workers: Iterable[WorkerProcess]) -> Iterable[float]:
    """Seconds from the last line of a worker to the next claim of each job that it gave back."""
    claims: dict[tuple[str, int], datetime] = {}
    given_back: list[tuple[str, int, datetime]] = []
    for worker in workers:
        lines = worker.logged()
        held: dict[str, int] = {}
        for line in lines:
            if line["message"] == "job_claimed":
                held[line["job_id"]] = line["attempt"]
                claims[line["job_id"], line["attempt"]] = _time(line)
            elif line["message"] == "job_finished":
                held.pop(line["job_id"], None)
        given_back += [(job_id, attempt, _time(lines[-1])) for job_id, attempt in held.items()]
    for job_id, attempt, at in given_back:
        claimed_at = claims.get((job_id, attempt + 1))
        if claimed_at is not None:
            yield max(0.0, (claimed_at - at).total_seconds())


def _time(line: Mapping[str, str]) -> datetime:
    return datetime.fromisoformat(line["timestamp"])


def _tries_used(ground: Ground) -> int:
    """Beyond the one that each job needs; a job that still runs is in its first."""
    jobs = jobs_of(ground.provisioner, ground.resources.table)
    return sum(max(0, job.tries - 1) for job in jobs)


SCENARIO = Scenario(
    name="rolling_restarts",
    row="4",
    title="Workers replaced under load (SIGTERM)",
    full=50,
    short=3,
    run=run,
)
