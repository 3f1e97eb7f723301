"""Row 1: every single fault and every pair at the calls of one job, and random ones."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext

from tests.faults.ground import Ground
from tests.faults.interleavings.run import Tally, outside_of, run
from tests.faults.interleavings.schedules import of_size
from tests.faults.scenario import Scenario
from tests.faults.without import SAFEGUARDS


async def play_all(ground: Ground, count: int) -> Mapping[str, int | float]:
    """Play `count` schedules. They bring their own workers, table and database of Redis."""
    seed = ground.random.getrandbits(32)
    own = ground.provisioner.provision(f"{ground.resources.stage}-own")
    clients = ground.provisioner.dynamodb, ground.provisioner.s3
    tally = Tally()
    lacking = SAFEGUARDS[ground.without]() if ground.without else nullcontext()
    async with outside_of(own, ground.redis.url, *clients) as outside:
        schedules = of_size(count, seed)
        for schedule in schedules:
            for fault in schedule:
                ground.history.faults[f"{fault.kind}"] += 1
        with _quiet(), lacking:
            async for wrong in run(schedules, outside, tally=tally):
                ground.require(False, str(wrong), where="play")  # noqa: FBT003 - it was found
    return {
        "plays": tally.plays,
        "deliveries": tally.deliveries,
        "zombies_woken": tally.zombies,
        "llm_calls": tally.llm_calls,
    }


@contextmanager
def _quiet() -> Generator[None]:
    """The workers are in this process: what they would log is what is done to them."""
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


SCENARIO = Scenario(
    name="interleavings",
    row="1",
    title="One job under every single fault, every pair of faults, and random ones",
    full=1_000,
    short=60,
    run=play_all,
)
