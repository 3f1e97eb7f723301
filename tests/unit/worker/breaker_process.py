"""A worker's share of `test_breaker_processes.py`: many tasks that ask one dead model at once.

`python -m tests.unit.worker.breaker_process <redis url> <model id> <tasks> <seconds> [hang]` counts
the calls that went out while the circuit was half-open; with `hang` the probe says so and never
comes back.
"""

from __future__ import annotations

import asyncio
import sys
import time

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import Outcome, State
from prosa.redis_client import connect
from tests.unit.worker.models import LIMITS


async def main(url: str, model_id: str, tasks: int, seconds: float, *, hangs: bool) -> None:
    redis = connect(url)
    shared = SharedBreakers(redis, LIMITS)
    end = time.monotonic() + seconds

    async def call(number: int) -> None:
        count = 0
        while time.monotonic() < end:
            token = f"{id(redis)}-{number}-{count}"
            count += 1
            admission = await shared.admit(model_id, token)
            if admission.is_admitted and admission.state is State.HALF_OPEN:
                print("probe", flush=True)  # noqa: T201 - the test reads it
                if hangs:
                    await asyncio.sleep(3600)
                await asyncio.sleep(0.02)  # what a call takes
            if admission.is_admitted:
                await shared.report(model_id, token, admission.epoch, Outcome.FAILED)
            await asyncio.sleep(0.005)

    await asyncio.gather(*(call(number) for number in range(tasks)))
    await redis.aclose()


if __name__ == "__main__":
    url, model_id, tasks, seconds, *rest = sys.argv[1:]
    asyncio.run(main(url, model_id, int(tasks), float(seconds), hangs=bool(rest)))
