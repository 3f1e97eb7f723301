"""The asyncio client as the services run it: every loss of a connection is an error of Redis'."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.exceptions import ConnectionError

from prosa.redis_client import connect
from tests.faults.proxies.redis_proxy import RedisProxy

uvloop = pytest.importorskip("uvloop")


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop])
def test_a_connection_that_was_reset_while_nobody_used_it(
    redis_url: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    target = urlsplit(redis_url)
    assert target.hostname is not None
    assert target.port is not None

    async def use(proxy: RedisProxy) -> None:
        redis: Any = connect(proxy.url)
        await redis.ping()
        proxy.block()
        await asyncio.sleep(0.1)  # until this loop has heard of it: nothing says so
        with pytest.raises(ConnectionError):
            await redis.ping()
        proxy.unblock()
        assert await redis.ping()
        await redis.aclose()

    with (
        RedisProxy((target.hostname, target.port)).running() as proxy,
        asyncio.Runner(loop_factory=loop) as runner,
    ):
        runner.run(use(proxy))


async def test_a_cancellation_is_never_forgotten(redis_url: str) -> None:
    """Whenever it comes: before the command is out, in that moment, before the answer."""
    redis: Any = connect(redis_url)
    await redis.ping()
    for turns in range(30):
        asking: asyncio.Task[str | None] = asyncio.create_task(redis.get("nothing"))
        for _ in range(turns % 10):
            await asyncio.sleep(0)
        was_asked = asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled() == was_asked, f"forgotten after {turns % 10} turns"
    await redis.aclose()


async def test_a_burst_waits_for_its_turn(redis_url: str) -> None:
    watching: Any = connect(redis_url, pool=1)
    before = len(await watching.client_list())
    redis: Any = connect(redis_url, pool=2)
    answers = await asyncio.gather(*(redis.incr("count") for _ in range(200)))
    opened = len(await watching.client_list()) - before
    await redis.aclose()
    await watching.aclose()
    assert sorted(answers) == list(range(1, 201))
    assert 1 <= opened <= 2
