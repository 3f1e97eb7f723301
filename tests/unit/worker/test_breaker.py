"""`worker.llm.breaker` and `prosa.breakers`: when a circuit opens, and who may try it out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from redis import Redis as BlockingRedis
from redis.asyncio import Redis

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.door import wait_for_any
from prosa.breakers.protocol import Admission, Outcome, State
from prosa.redis_client import connect, connect_blocking
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer
from tests.stack.own_redis import OwnRedis
from tests.unit.worker.models import LIMITS, REQUEST, ask, guarded
from worker.llm.breaker import Guarded
from worker.llm.breaker_memory import MemoryBreaker
from worker.llm.errors import CircuitOpen, ModelError
from worker.llm.model import TextDelta

DOWN = Script(fault=Fault.STATUS, status=500)
ID = "openai:test"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path)
    yield own
    own.kill()


@pytest.fixture
async def model(llm: LlmServer, redis: Redis) -> AsyncIterator[Guarded]:
    model = guarded(llm, redis)
    yield model
    await model.aclose()


async def fail(model: Guarded, times: int) -> None:
    for _ in range(times):
        with pytest.raises(ModelError):
            await ask(model)


async def is_open(model: Guarded) -> bool:
    """Whether a call is refused; asks the model when it is not."""
    try:
        await ask(model)
    except CircuitOpen:
        return True
    except ModelError:
        return False
    return False


async def test_five_failures_are_borne_and_the_sixth_opens(llm: LlmServer, model: Guarded) -> None:
    llm.default = DOWN
    await fail(model, 5)
    llm.default = Script()
    assert not await is_open(model)
    llm.default = DOWN
    await fail(model, 1)
    asked = len(llm.requests)

    with pytest.raises(CircuitOpen) as caught:
        await ask(model)

    assert 0 < caught.value.retry_after_s <= LIMITS.reset_s
    assert len(llm.requests) == asked


async def test_answers_in_between_do_not_excuse_the_failures(
    llm: LlmServer, model: Guarded
) -> None:
    llm.script(*[script for _ in range(6) for script in (DOWN, Script())])
    for _ in range(5):
        await fail(model, 1)
        await ask(model)
    await fail(model, 1)
    assert await is_open(model)


async def test_failures_that_lie_further_apart_than_the_window_do_not_open(
    llm: LlmServer, redis: Redis
) -> None:
    model = guarded(llm, redis, limits=replace(LIMITS, window_s=0.2))
    llm.default = DOWN
    for _ in range(8):
        await fail(model, 1)
        await asyncio.sleep(0.06)  # the window is a time: four fit it
    llm.default = Script()
    assert not await is_open(model)
    await model.aclose()


async def test_all_workers_share_a_circuit_and_models_do_not(
    llm: LlmServer, redis: Redis, model: Guarded
) -> None:
    elsewhere, other = guarded(llm, redis), guarded(llm, redis, model_id="openai:other")
    llm.default = DOWN
    await fail(model, 3)
    await fail(elsewhere, 3)
    llm.default = Script()
    assert await is_open(model)
    assert await is_open(elsewhere)
    assert not await is_open(other)
    await elsewhere.aclose()
    await other.aclose()


@pytest.mark.parametrize(
    "script",
    [
        Script(fault=Fault.STATUS, status=400, error={"message": "no"}),
        Script(fault=Fault.STATUS, status=400, error={"code": "context_length_exceeded"}),
        Script(fault=Fault.STATUS, status=401),
        Script(fault=Fault.STATUS, status=429, error={"message": "slow"}),
    ],
    ids=["bad request", "too long", "key", "rate"],
)
async def test_what_is_not_the_providers_fault_counts_as_nothing(
    llm: LlmServer, model: Guarded, script: Script
) -> None:
    llm.default = script
    await fail(model, 8)
    llm.default = Script()
    assert not await is_open(model)


async def test_a_cancelled_call_counts_as_nothing(llm: LlmServer, model: Guarded) -> None:
    llm.default = Script(fault=Fault.HANG)
    calls = [asyncio.create_task(ask(model)) for _ in range(8)]
    await asyncio.to_thread(llm.wait_for_requests, 8)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    llm.default = Script()
    assert not await is_open(model)


async def test_a_reply_that_is_cut_counts(llm: LlmServer, model: Guarded) -> None:
    llm.default = Script(text="half of it", fault=Fault.MID_CUT)
    await fail(model, 6)
    assert await is_open(model)


async def test_one_call_tries_out_and_its_first_chunk_closes(
    llm: LlmServer, redis: Redis, model: Guarded
) -> None:
    llm.default = DOWN
    await fail(model, 6)
    await asyncio.sleep(LIMITS.reset_s)
    probing, elsewhere = Script(text="I am", hold_after=0), guarded(llm, redis)
    llm.default = probing
    probe = model.stream(REQUEST)
    first = asyncio.ensure_future(anext(probe))
    await asyncio.to_thread(llm.wait_for_requests, 7)
    assert await is_open(elsewhere)
    llm.default = Script(text="so am I")
    probing.gate.open()
    assert await first == TextDelta("I am")
    assert await ask(model) == "so am I"  # long before the probe's reply ends
    assert await ask(elsewhere) == "so am I"
    await probe.aclose()
    await elsewhere.aclose()


async def test_a_probe_that_fails_opens_for_another_time(llm: LlmServer, model: Guarded) -> None:
    llm.default = DOWN
    await fail(model, 6)
    await asyncio.sleep(LIMITS.reset_s)
    await fail(model, 1)
    assert len(llm.requests) == 7
    assert await is_open(model)
    assert len(llm.requests) == 7


async def test_a_cancelled_probe_lets_the_next_one_out_at_once(
    llm: LlmServer, model: Guarded
) -> None:
    llm.default = DOWN
    await fail(model, 6)
    await asyncio.sleep(LIMITS.reset_s)
    llm.default = Script(fault=Fault.HANG)
    probe = asyncio.create_task(ask(model))
    await asyncio.to_thread(llm.wait_for_requests, 7)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    llm.default = Script(text="here")
    assert await ask(model) == "here"


async def test_a_report_from_before_the_change_is_ignored(redis: Redis) -> None:
    shared = SharedBreakers(redis, LIMITS)
    late = await shared.admit(ID, "late")
    for number in range(6):
        admission = await shared.admit(ID, f"{number}")
        await shared.report(ID, f"{number}", admission.epoch, Outcome.FAILED)
    opened = await shared.report(ID, "late", late.epoch, Outcome.FAILED)
    await asyncio.sleep(LIMITS.reset_s)
    probe = await shared.admit(ID, "probe")
    closed_by_late = await shared.report(ID, "late", late.epoch, Outcome.OK)

    assert opened.state is State.OPEN
    assert probe.is_admitted  # `late` did not prolong
    assert closed_by_late.state is State.HALF_OPEN
    assert (await shared.report(ID, "late", probe.epoch, Outcome.OK)).state is State.HALF_OPEN
    assert (await shared.report(ID, "probe", probe.epoch, Outcome.OK)).state is State.CLOSED
    for number in range(6):  # stragglers of the life before: the model is well again
        straggler = await shared.report(ID, f"slow-{number}", late.epoch, Outcome.FAILED)
        assert straggler.state is State.CLOSED


async def test_the_door_waits_for_the_first_of_the_models(redis_url: str, redis: Redis) -> None:
    slow = SharedBreakers(redis, replace(LIMITS, reset_s=100.0))
    fast = SharedBreakers(redis, LIMITS)
    blocking = connect_blocking(redis_url)
    for shared, name in ((slow, "a:slow"), (fast, "a:fast")):
        assert wait_for_any(blocking, ["a:slow", "a:fast"]) == 0
        for number in range(6):
            await shared.report(name, f"{number}", 0, Outcome.FAILED)
    assert wait_for_any(blocking, ["a:slow"]) > 50
    assert 0 < wait_for_any(blocking, ["a:slow", "a:fast"]) <= LIMITS.reset_s
    await asyncio.sleep(LIMITS.reset_s)
    assert wait_for_any(blocking, ["a:slow", "a:fast"]) == 0  # or nobody would ever try it out
    await fast.admit("a:fast", "probe")
    assert wait_for_any(blocking, ["a:slow", "a:fast"]) > 0
    blocking.close()


async def test_changes_are_logged_and_counted(
    llm: LlmServer, model: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    def counted(state: str) -> float:
        labels = {"model": ID, "state": state}
        return REGISTRY.get_sample_value("prosa_worker_breaker_changes_total", labels) or 0.0

    before = {state: counted(state) for state in ("open", "half-open", "closed")}
    llm.default = DOWN
    with caplog.at_level(logging.WARNING):
        await fail(model, 6)
        await asyncio.sleep(LIMITS.reset_s)
        llm.default = Script()
        await ask(model)

    told = [cast(Any, r).state for r in caplog.records if r.message == "breaker_changed"]
    assert told == ["open", "half-open", "closed"]
    assert {state: counted(state) - old for state, old in before.items()} == dict.fromkeys(told, 1)


async def test_without_redis_each_worker_decides_by_itself(
    llm: LlmServer, own_redis: OwnRedis
) -> None:
    redis = connect(own_redis.url)
    model = guarded(llm, redis, redis_timeout_s=0.25)
    own_redis.kill()
    llm.default = DOWN
    await fail(model, 5)
    assert len(llm.requests) == 5
    await fail(model, 1)
    assert await is_open(model)
    await asyncio.sleep(LIMITS.reset_s)
    llm.default = Script(text="back")
    assert await ask(model) == "back"
    await model.aclose()
    await redis.aclose()


async def test_a_frozen_redis_costs_a_quarter_second_and_blocks_nobody(
    llm: LlmServer, own_redis: OwnRedis
) -> None:
    redis = connect(own_redis.url)
    model = guarded(llm, redis, redis_timeout_s=0.25)
    await ask(model)
    own_redis.freeze()
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.005)
            stalls.append(time.monotonic() - began)

    watching = asyncio.create_task(watch())
    try:
        began = time.monotonic()
        await ask(model)
        took = time.monotonic() - began
    finally:
        watching.cancel()
        own_redis.thaw()
    assert 0.25 <= took < 1.0
    assert len(stalls) > 10  # the loop went on while Redis did not answer
    assert max(stalls) < 0.2
    await model.aclose()
    await redis.aclose()


async def test_a_circuit_stays_open_when_redis_goes_away(
    llm: LlmServer, own_redis: OwnRedis
) -> None:
    redis = connect(own_redis.url)
    model = guarded(llm, redis, limits=replace(LIMITS, reset_s=30.0), redis_timeout_s=0.25)
    llm.default = DOWN
    await fail(model, 6)
    assert await is_open(model)
    own_redis.kill()
    llm.default = Script()
    assert await is_open(model)
    await model.aclose()
    await redis.aclose()


def test_memory_lets_one_probe_out_and_another_when_its_lease_is_over() -> None:
    memory = MemoryBreaker(replace(LIMITS, reset_s=0.01, probe_lease_s=0.05))
    for number in range(6):
        memory.report(f"{number}", 0, Outcome.FAILED)
    assert not memory.admit("early").is_admitted
    first = _wait_for(memory, "first")
    assert first.state is State.HALF_OPEN
    assert not memory.admit("second").is_admitted
    second = _wait_for(memory, "second")
    assert memory.report("first", first.epoch, Outcome.OK).state is State.HALF_OPEN
    assert memory.report("second", second.epoch, Outcome.OK).state is State.CLOSED


def _wait_for(memory: MemoryBreaker, token: str) -> Admission:
    deadline = time.monotonic() + 5
    while not (admission := memory.admit(token)).is_admitted:
        assert time.monotonic() < deadline
    return admission


def test_what_redis_keeps_ends_by_itself(redis_url: str) -> None:
    async def open_it() -> None:
        redis = connect(redis_url)
        shared = SharedBreakers(redis, LIMITS)
        for number in range(6):
            await shared.report(ID, f"{number}", 0, Outcome.FAILED)
        await redis.aclose()

    asyncio.run(open_it())
    client: BlockingRedis = connect_blocking(redis_url)
    keys = cast(Any, client).keys("cb:*")
    assert keys
    assert all(cast(Any, client).ttl(key) > 0 for key in keys)
    client.close()
