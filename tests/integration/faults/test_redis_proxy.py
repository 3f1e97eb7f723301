"""The way to Redis breaks as it says, and only then."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.exceptions import ConnectionError, RedisError

from prosa.redis_client import connect
from tests.faults.proxies.redis_proxy import RedisProxy
from tests.integration.worker.world import eventually


@pytest.fixture
def proxy(redis_url: str) -> Iterator[RedisProxy]:
    parts = urlsplit(redis_url)
    assert parts.hostname is not None
    assert parts.port is not None
    with RedisProxy((parts.hostname, parts.port)).running() as proxy:
        yield proxy


@pytest.fixture
async def redis(proxy: RedisProxy) -> AsyncIterator[Any]:
    """A client behind the proxy; untyped, as redis-py's own types do not say what is awaited."""
    redis = connect(proxy.url)
    yield redis
    await redis.aclose()


async def test_commands_pass_and_are_counted(redis: Any, proxy: RedisProxy) -> None:
    for number in range(20):
        await redis.set(f"key-{number}", "x" * 100_000)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.incr("a").incr("a")
        assert await pipe.execute() == [1, 2]
    assert await redis.get("key-3") == "x" * 100_000
    assert proxy.operations["SET"] == 20
    assert proxy.operations["INCRBY"] == 2
    assert not proxy.lost


async def test_an_answer_is_lost_after_its_command_was_carried_out(
    redis: Any, proxy: RedisProxy
) -> None:
    await redis.ping()
    proxy.lose(lambda _: 1.0, random.Random(1))
    with pytest.raises(ConnectionError):
        await redis.incr("a")
    proxy.lose_none()
    assert await redis.get("a") == "1"
    assert proxy.lost == {"INCRBY": 1}


async def test_losses_follow_their_probability(redis: Any, proxy: RedisProxy) -> None:
    proxy.lose(lambda _: 0.1, random.Random(7))
    failed = 0
    for _ in range(500):
        try:
            await redis.incr("a")
        except RedisError:
            failed += 1
    proxy.lose_none()
    assert await redis.get("a") == "500"
    assert failed == proxy.lost["INCRBY"]
    assert 25 <= failed <= 80


async def test_blocked_it_refuses_and_unblocked_it_serves(redis: Any, proxy: RedisProxy) -> None:
    await redis.ping()
    proxy.block()
    with pytest.raises(RedisError):
        await redis.ping()
    assert proxy.refused >= 0
    proxy.unblock()
    assert await redis.ping()


async def test_frozen_it_says_nothing_and_thawed_it_goes_on(redis: Any, proxy: RedisProxy) -> None:
    await redis.ping()
    proxy.freeze()
    asking = asyncio.create_task(redis.incr("a"))
    await asyncio.sleep(0.3)
    assert not asking.done()
    proxy.thaw()
    assert await asyncio.wait_for(asking, 2) == 1


async def test_a_reset_ends_what_waits_and_lets_the_next_in(redis: Any, proxy: RedisProxy) -> None:
    await redis.ping()
    waiting = asyncio.create_task(redis.blpop(["nothing"], timeout=5))
    await eventually(lambda: proxy.operations["BLPOP"])
    began = time.monotonic()
    proxy.reset_all()
    with pytest.raises(RedisError):
        await waiting
    assert time.monotonic() - began < 1.5
    assert await redis.ping()


async def test_who_subscribed_hears_on(redis: Any, proxy: RedisProxy) -> None:
    proxy.lose(lambda _: 1.0, random.Random(1))
    async with redis.pubsub() as listener:
        await listener.subscribe("news")
        assert (await listener.get_message(timeout=2) or {})["type"] == "subscribe"
        proxy.lose_none()
        await redis.publish("news", "hello")
        assert (await listener.get_message(timeout=2) or {})["data"] == "hello"


async def test_an_observer_hears_commands_with_their_answers(redis: Any, proxy: RedisProxy) -> None:
    heard: list[tuple[bytes, object]] = []
    proxy.observe(lambda command, reply: heard.append((command[0], reply)))
    await redis.set("a", "1")
    await redis.get("a")
    assert heard[-2:] == [(b"SET", b"OK"), (b"GET", b"1")]
