"""Row 11: questions that kill every worker that tries them. Each stops after four."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from prosa.jobs import JobStatus
from tests.faults.answers import numbered_answers
from tests.faults.clients import Accepted, Client
from tests.faults.crashing import DEADLY
from tests.faults.ground import Ground
from tests.faults.load import load
from tests.faults.processes import Program
from tests.faults.scenario import Scenario
from tests.faults.stored import jobs_of
from worker.handle_job import MAX_ATTEMPTS

WORKERS = 3
USERS = 6
AT_ONCE = 2
"""Deadly questions on their way at the same time."""

TOLD_S = 20.0
"""Until the user of a deadly question knows that there is no answer."""

CRASHING = Program(main="tests.faults.crashing:main")
LOOK_S = 0.05


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Ask `count` deadly questions, and after each a harmless one in the same conversation."""
    ground.llm.choose = numbered_answers(pieces=12)
    await ground.start_gateway()
    turns = asyncio.Semaphore(AT_ONCE)
    waits: list[float] = []

    async def ask(number: int) -> Accepted:
        async with turns:
            client = ground.client(f"killer-{number}")
            await client.connect()
            return await _ask_deadly(ground, client, waits)

    async with _supervised(ground):
        async with load(ground, users=USERS) as met:
            asked = await asyncio.gather(*(ask(number) for number in range(count)))
        await ground.settled(60)
    deadly = {each.job_id for each in asked}
    jobs = await asyncio.to_thread(jobs_of, ground.provisioner, ground.resources.table)
    bystanders = [j for j in jobs if j.job_id not in deadly and j.status is JobStatus.FAILED]
    for job in (job for job in jobs if job.job_id in deadly):
        code = job.failure.code if job.failure else job.status
        ground.require(code == "worker_crashed", f"ended as {code}", where=job.job_id)
        ground.require(job.attempt == MAX_ATTEMPTS + 1, f"{job.attempt} attempts", where=job.job_id)
    return {
        "told_max_s": max(waits),
        "bystanders_failed": len(bystanders),
        "jobs_ended": met.ended,
    }


async def _ask_deadly(ground: Ground, client: Client, waits: list[float]) -> Accepted:
    began = time.monotonic()
    deadly = await client.say(DEADLY)
    assert isinstance(deadly, Accepted)
    after = await client.say("And now?", deadly.conversation_id)
    assert isinstance(after, Accepted)
    await client.until_ended(deadly.job_id)
    waits.append(time.monotonic() - began)
    ground.require(waits[-1] <= TOLD_S, f"told after {waits[-1]:.1f} s", where=deadly.job_id)
    await client.until_ended(after.job_id)
    return deadly


@asynccontextmanager
async def _supervised(ground: Ground) -> AsyncGenerator[None]:
    """Keep `WORKERS` workers running, as an orchestrator does."""
    await ground.start_workers(WORKERS, program=CRASHING)

    async def replace_the_dead() -> None:
        known = set(ground.workers)
        while True:
            await asyncio.sleep(LOOK_S)
            dead = [worker for worker in known if not worker.is_alive]
            for worker in dead:
                ground.history.fault("worker_crashed", worker=worker.name)
                known.remove(worker)
            if dead:
                known |= set(await ground.start_workers(len(dead), program=CRASHING))

    supervising = asyncio.create_task(replace_the_dead())
    try:
        yield
    finally:
        supervising.cancel()
        await asyncio.wait([supervising])


SCENARIO = Scenario(
    name="crash_poison",
    row="11",
    title="Questions that kill the worker that tries them",
    full=20,
    short=1,
    run=run,
)
