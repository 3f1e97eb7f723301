"""What a worker has in hand, by its own log: for scenarios that break the busy ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

from tests.faults.processes import WorkerProcess

POLL_S = 0.05
_ENDS = ("job_finished", "job_abandoned", "fenced", "model_failed")


def jobs_in_hand(worker: WorkerProcess) -> dict[str, int]:
    """The jobs it claimed and has not ended, with their attempt."""
    held: dict[str, int] = {}
    for line in worker.logged():
        if line["message"] == "job_claimed":
            held[line["job_id"]] = line["attempt"]
        elif line["message"] in _ENDS:
            held.pop(line["job_id"], None)
    return held


async def busy_workers(
    workers: Sequence[WorkerProcess], number: int, chance: random.Random
) -> list[WorkerProcess]:
    """So many that write replies now; waits until there are."""
    while len(busy := [each for each in workers if jobs_in_hand(each)]) < number:  # noqa: ASYNC110
        await asyncio.sleep(POLL_S)
    return chance.sample(busy, number)
