"""One probe at a time, over all workers: real processes against a real Redis."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import Outcome, breaker_key
from prosa.redis_client import connect
from tests.unit.worker.models import LIMITS

ROOT = Path(__file__).parents[3]
ID = "openai:dead"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


def start(url: str, *, tasks: int, seconds: float, hangs: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.unit.worker.breaker_process"]
    arguments = [url, ID, str(tasks), str(seconds), *(["hang"] if hangs else [])]
    return subprocess.Popen(
        [*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={"PATH": ""}
    )


async def open_circuit(redis: Redis) -> None:
    shared = SharedBreakers(redis, LIMITS)
    for number in range(6):
        await shared.report(ID, f"{number}", 0, Outcome.FAILED)


async def test_a_hundred_tasks_of_four_processes_send_one_probe_a_period(
    redis_url: str, redis: Redis
) -> None:
    await open_circuit(redis)
    epoch = int(await _epoch(redis))
    workers = [start(redis_url, tasks=25, seconds=3.0) for _ in range(4)]
    said = await asyncio.gather(*(asyncio.to_thread(w.communicate, timeout=60) for w in workers))

    probes = sum(out.count("probe") for out, _ in said)
    assert all(worker.returncode == 0 for worker in workers)
    # Each period is two changes, to half-open and back: so many probes as periods, never one more.
    periods = (int(await _epoch(redis)) - epoch) / 2
    assert probes >= 3
    assert probes == periods


async def test_a_killed_probe_is_followed_by_another_when_its_lease_is_over(
    redis_url: str, redis: Redis
) -> None:
    await open_circuit(redis)
    worker = start(redis_url, tasks=1, seconds=30.0, hangs=True)
    assert worker.stdout is not None
    with worker:
        assert (await asyncio.to_thread(worker.stdout.readline)).strip() == "probe"
        worker.kill()
    began = time.monotonic()
    shared = SharedBreakers(redis, LIMITS)
    refused = await shared.admit(ID, "next")
    while not (admission := await shared.admit(ID, "next")).is_admitted:
        assert time.monotonic() - began < 10
        await asyncio.sleep(admission.retry_after_s)

    assert not refused.is_admitted
    assert 0 < refused.retry_after_s <= LIMITS.probe_lease_s
    assert time.monotonic() - began <= LIMITS.probe_lease_s + 1


async def _epoch(redis: Redis) -> str:
    return str(await redis.hget(breaker_key(ID), "epoch"))  # pyright: ignore
