"""Row 2: workers are killed while they write replies. Others begin them anew, soon.

A conversation whose worker was killed waits for the visibility of its message, which the last
heartbeat may just have renewed, and for another worker's next look at the queue: three seconds
at the rig's timings.

Several are killed at the same moment, and the next only when those conversations must be on their
way. For SQS goes on with the long poll of a dead worker and may give it a message: one that became
visible in that second waits for another visibility, by a kill that was not its own worker's.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.faults.answers import numbered_answers
from tests.faults.ground import Ground
from tests.faults.history import Line
from tests.faults.invariants.evidence import FINALS
from tests.faults.load import load
from tests.faults.processes import WorkerProcess
from tests.faults.scenario import Scenario
from tests.faults.worker_jobs import busy_workers, jobs_in_hand

WORKERS = 6
KILLED = (2, 4)
"""Of the workers, at the same moment."""

USERS = 20
PIECES = 18
"""A second and a half of writing."""

BETWEEN_S = (3.1, 3.7)
VISIBILITY_S = 2
UNBLOCKED_S = VISIBILITY_S + 1


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Kill `count` busy workers, each replaced at once."""
    ground.llm.choose = numbered_answers(pieces=PIECES)
    await ground.start_gateway()
    alive = await ground.start_workers(WORKERS)
    left = count
    async with load(ground, users=USERS, impatient=USERS // 4) as met:
        while left:
            await asyncio.sleep(ground.random.uniform(*BETWEEN_S))
            number = min(left, ground.random.randint(*KILLED))
            for worker in await busy_workers(alive, number, ground.random):
                _kill(ground, worker)
                alive.remove(worker)
            left -= number
            alive += await ground.start_workers(number)
    delays = list(unblocked_after(ground.history.lines()))
    slowest = max(delays, default=0.0)
    ground.require(slowest <= UNBLOCKED_S, f"a conversation stood still for {slowest:.2f} s")
    return {
        "replies_cut": len(delays),
        "unblocked_max_s": slowest,
        "unblocked_median_s": statistics.median(delays),
        "jobs_ended": met.ended,
    }


def _kill(ground: Ground, worker: WorkerProcess) -> None:
    ground.history.fault("sigkill", worker=worker.name, jobs=jobs_in_hand(worker))
    worker.kill()


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
    short=4,
    run=run,
)
