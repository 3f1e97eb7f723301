"""Row 9: the queue delivers what it has delivered before, at once, later, or to two workers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count as numbers

from prosa.ids import ConversationId, JobId
from prosa.job_queue import JobQueue
from prosa.jobs import Job, JobMessage
from tests.faults.answers import numbered_answers
from tests.faults.ground import Ground
from tests.faults.load import load, reached
from tests.faults.scenario import Scenario
from tests.faults.stored import jobs_of

WORKERS = 2
USERS = 12
BATCH = 10
"""Duplicates sent at once, all of different jobs."""

SIDE_BY_SIDE = 0.4
"""The share that comes in a group of its own: no order holds it back from the worker next door."""

RUNNING = 0.4
"""The share, at most, that is of jobs which have not ended."""

JOBS_FIRST = 20


class Duplicator:
    """Sends the bodies of accepted jobs again, under new deduplication ids as a redrive does."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._queue = JobQueue(ground.provisioner.sqs, ground.resources.queue_url)
        self._numbers = numbers(1)
        self.finished: dict[JobId, int] = {}
        """Jobs that had their end when they were sent again, with the attempts they had taken."""

    def jobs(self) -> list[Job]:
        return jobs_of(self._ground.provisioner, self._ground.resources.table)

    def send(self, count: int) -> None:
        """Send `count` duplicates, of running and of finished jobs."""
        jobs = sorted(self.jobs(), key=lambda job: job.job_id)
        self._ground.random.shuffle(jobs)
        running = [job for job in jobs if not job.status.is_final][: round(RUNNING * count)]
        finished = [job for job in jobs if job.status.is_final][: count - len(running)]
        for job in finished:
            self.finished.setdefault(job.job_id, job.attempt)
        for job in [*running, *finished]:
            self._send(job)

    def _send(self, job: Job) -> None:
        number = next(self._numbers)
        is_beside = self._ground.random.random() < SIDE_BY_SIDE
        message = JobMessage(
            job_id=job.job_id, user_id=job.user_id, conversation_id=job.conversation_id
        )
        group = ConversationId(f"beside-{number}") if is_beside else job.conversation_id
        state = "finished" if job.status.is_final else "running"
        self._ground.history.fault(f"duplicate_of_{state}", job_id=job.job_id, group=group)
        self._queue.send_body(
            message.encode(), group=group, deduplication_id=f"again-{number}", reason="again"
        )


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Send `count` duplicates while users talk; a finished job must not be begun again."""
    ground.llm.choose = numbered_answers(pieces=12)
    await ground.start_gateway()
    await ground.start_workers(WORKERS)
    duplicator = Duplicator(ground)
    async with load(ground, users=USERS) as met:
        await reached(lambda: met.ended, JOBS_FIRST, within_s=60)
        for begin in range(0, count, BATCH):
            await asyncio.to_thread(duplicator.send, min(BATCH, count - begin))
            await asyncio.sleep(ground.random.uniform(0.2, 1.0))
    await ground.settled(60)
    after = {job.job_id: job for job in await asyncio.to_thread(duplicator.jobs)}
    begun_again = [
        job_id
        for job_id, attempts in duplicator.finished.items()
        if after[job_id].attempt != attempts
    ]
    for job_id in begun_again:
        ground.require(False, "it had its end, and was begun again", where=job_id)  # noqa: FBT003 - found
    return {
        "jobs_ended": met.ended,
        "finished_sent_again": len(duplicator.finished),
        "finished_begun_again": len(begun_again),
    }


SCENARIO = Scenario(
    name="duplicates",
    row="9",
    title="Messages delivered again: of finished jobs, of running ones, to two workers at once",
    full=500,
    short=30,
    run=run,
)
