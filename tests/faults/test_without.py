"""Taking a safeguard out takes it out: of those that the interleavings do not show."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from redis.asyncio import Redis

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits, Outcome
from prosa.job_queue import Delivery
from prosa.redis_client import connect
from tests.faults.self_test import CAUGHT_BY
from tests.faults.without import SAFEGUARDS
from worker.leases import Leases

RESET_S = 0.05
LIMITS = BreakerLimits(max_failures=0, window_s=10, reset_s=RESET_S, probe_lease_s=10)
CALLS = 5


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Redis]:
    async with connect(redis_url) as redis:
        yield redis


async def _probes(redis: Redis) -> int:
    """How many of five calls a circuit lets out when its time is over."""
    breakers = SharedBreakers(redis, LIMITS)
    first = await breakers.admit("a model", "first")
    await breakers.report("a model", "first", first.epoch, Outcome.FAILED)
    wait_s = (await breakers.admit("a model", "too soon")).retry_after_s
    assert 0 < wait_s <= RESET_S
    await asyncio.sleep(wait_s + 0.01)  # Redis' clock decides: there is nothing to await
    asked = [await breakers.admit("a model", str(number)) for number in range(CALLS)]
    return sum(admission.is_admitted for admission in asked)


async def test_without_the_probe_lease_every_call_is_a_probe(redis: Redis) -> None:
    assert await _probes(redis) == 1
    await redis.flushdb()  # pyright: ignore[reportUnknownMemberType]
    with SAFEGUARDS["probe_lease"]():
        assert await _probes(redis) == CALLS


async def _beats(*, seconds: float) -> int:
    beats = 0

    async def extend(receipts: Sequence[str], visibility_s: int) -> list[str]:
        nonlocal beats
        _ = receipts, visibility_s
        beats += 1
        return []

    leases = Leases(extend, visibility_s=10, heartbeat_s=0.01)
    leases.hold(Delivery("id", "receipt", "body", "group", 1, None))
    keeping = asyncio.create_task(leases.keep())
    await asyncio.wait([keeping], timeout=seconds)
    keeping.cancel()
    return beats


async def test_without_heartbeats_no_message_is_kept() -> None:
    assert await _beats(seconds=0.2) > 0
    with SAFEGUARDS["heartbeat"]():
        assert await _beats(seconds=0.2) == 0


def test_each_safeguard_has_a_scenario_that_notices_its_loss() -> None:
    assert set(CAUGHT_BY) == set(SAFEGUARDS)
