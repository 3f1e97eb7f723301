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
import math
import statistics
from collections import defaultdict
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
GRACE_S = 1.0
"""From the end of the visibility to the first word of the next attempt. On a machine where that
takes longer for a message that nothing has happened to, it is that long."""

DEAD_POLLS_S = 1.2
"""After a kill a message may go to a dead worker's poll; so does a new one."""


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
    lines = ground.history.lines()
    delays, starts = list(unblocked_after(lines)), list(healthy_starts(lines))
    slowest, floor = max(delays, default=0.0), max(starts, default=0.0)
    ground.require(
        slowest <= VISIBILITY_S + max(GRACE_S, floor),
        f"a conversation stood still for {slowest:.2f} s, a healthy start took {floor:.2f} s",
    )
    return {
        "replies_cut": len(delays),
        "unblocked_max_s": slowest,
        "unblocked_median_s": statistics.median(delays),
        "healthy_start_max_s": floor,
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


def healthy_starts(lines: Iterable[Line]) -> Iterator[float]:
    """Seconds from a 202 to the first attempt, where no kill and no other reply was in its way."""
    killed_at = -math.inf
    accepted: dict[str, float] = {}
    busy: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        frame = line.get("frame", {})
        match frame.get("type", line["what"]):
            case "fault":
                killed_at = line["t"]
                accepted.clear()
            case "accepted":
                if not busy[line["conversation_id"]] and line["t"] > killed_at + DEAD_POLLS_S:
                    accepted[line["job_id"]] = line["t"]
                busy[line["conversation_id"]].add(line["job_id"])
            case "reply.started" if frame["job_id"] in accepted:
                yield line["t"] - accepted.pop(frame["job_id"])
            case kind if kind in FINALS:
                busy[frame["conversation_id"]].discard(frame["job_id"])
            case _:
                pass


SCENARIO = Scenario(
    name="kills",
    row="2",
    title="Workers killed in mid-stream (SIGKILL)",
    full=200,
    short=4,
    run=run,
)
