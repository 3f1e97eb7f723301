"""Row 2: workers are killed while they write replies. Another one begins each anew, soon.

A conversation whose worker was killed waits for the visibility of its message, which the last
heartbeat may just have renewed, and for another worker's next look at the queue: three seconds
at the rig's timings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.faults.ground import Ground, WorkerProcess
from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS
from tests.faults.load import load
from tests.faults.scenario import Scenario
from tests.faults.worker_jobs import busy_worker, jobs_in_hand

WORKERS = 4
USERS = 20
BETWEEN_S = (0.6, 1.6)
VISIBILITY_S = 2
UNBLOCKED_S = VISIBILITY_S + 1


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Kill a busy worker `count` times, each replaced at once."""
    await ground.start_gateway()
    alive = await ground.start_workers(WORKERS)
    async with load(ground, users=USERS) as met, asyncio.TaskGroup() as starting:
        for _ in range(count):
            await asyncio.sleep(ground.random.uniform(*BETWEEN_S))
            worker = await busy_worker(alive, ground.random)
            alive.remove(worker)
            _kill(ground, worker)
            starting.create_task(_replace(ground, alive))
    delays = list(unblocked_after(ground.history.lines()))
    slowest = max(delays, default=0.0)
    ground.require(slowest <= UNBLOCKED_S, f"a conversation stood still for {slowest:.2f} s")
    return {
        "replies_cut": len(delays),
        "unblocked_max_s": slowest,
        "jobs_ended": met.ended,
    }


def _kill(ground: Ground, worker: WorkerProcess) -> None:
    ground.history.fault("sigkill", worker=worker.name, jobs=jobs_in_hand(worker))
    worker.kill()


async def _replace(ground: Ground, alive: list[WorkerProcess]) -> None:
    alive.extend(await ground.start_workers(1))


def unblocked_after(lines: Iterable[Line]) -> Iterator[float]:
    """Seconds from each kill until its jobs went on: a higher attempt began, or it was their end
    that the worker had stored."""
    cut: dict[str, tuple[float, int]] = {}
    for line in lines:
        if line["what"] == "fault" and line["kind"] == "sigkill":
            cut |= {job_id: (line["t"], attempt) for job_id, attempt in line["jobs"].items()}
        elif line["what"] == "event" and line["frame"].get("job_id") in cut:
            frame = line["frame"]
            killed_at, attempt = cut[frame["job_id"]]
            if _goes_on(frame, attempt):
                del cut[frame["job_id"]]
                yield line["t"] - killed_at


def _goes_on(frame: Mapping[str, Any], attempt: int) -> bool:
    kind = frame["type"]
    return kind in FINALS or (kind == "reply.started" and frame["attempt"] > attempt)


SCENARIO = Scenario(
    name="kills",
    row="2",
    title="Workers killed in mid-stream (SIGKILL)",
    full=200,
    short=5,
    run=run,
)
