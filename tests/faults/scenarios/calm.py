"""No fault at all, and replies that take longer than a message is invisible.

Not a row of the plan: here heartbeats alone keep a second worker from beginning what is being
written, which no reader would notice. It costs calls, and after four of them the reply.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tests.faults.answers import numbered_answers
from tests.faults.clients import Accepted
from tests.faults.ground import Ground
from tests.faults.scenario import Scenario
from tests.faults.stored import jobs_of

WORKERS = 2
PIECES = 60
"""Five seconds of writing: more than two visibilities."""


async def run(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Ask `count` questions at once; each must take one attempt."""
    ground.llm.choose = numbered_answers(pieces=PIECES)
    await ground.start_gateway()
    await ground.start_workers(WORKERS)

    async def ask(number: int) -> None:
        client = ground.client(f"patient-{number}")
        await client.connect()
        accepted = await client.say("Tell me a long story.")
        assert isinstance(accepted, Accepted)
        await client.until_ended(accepted.job_id)

    await asyncio.gather(*(ask(number) for number in range(count)))
    jobs = await asyncio.to_thread(jobs_of, ground.provisioner, ground.resources.table)
    for job in jobs:
        ground.require(job.attempt == 1, f"{job.attempt} attempts, and no fault", where=job.job_id)
    return {"jobs": len(jobs)}


SCENARIO = Scenario(
    name="calm",
    row="-",
    title="No fault: replies longer than the visibility, each written once",
    full=20,
    short=4,
    run=run,
)
