"""Many callers share a connection, and nothing else: each has its own answer, error and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeout

from local.ports import free_ports
from prosa.multiplexed_redis import MultiplexedRedis
from prosa.redis_client import SOCKET_TIMEOUT_S, connect, connection_pool
from prosa.sturdy_connection import open_wire

COMMANDS = 1_000
FEW = COMMANDS // 10
"""Commands asked in one turn of the loop are one write; Redis takes 16 KiB of it at a time."""


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    client: Any = MultiplexedRedis(connection_pool(redis_url))
    yield client
    await client.aclose()


@pytest.fixture
async def other(redis_url: str) -> AsyncIterator[Any]:
    """A client of redis-py's own."""
    client: Any = connect(redis_url)
    yield client
    await client.aclose()


async def _reads(redis: Any) -> int:
    return int((await redis.info("stats"))["total_reads_processed"])


async def test_many_commands_share_few_round_trips(redis: Any) -> None:
    before = await _reads(redis)
    answers = await asyncio.gather(*(redis.echo(str(n)) for n in range(COMMANDS)))
    assert answers == [str(n) for n in range(COMMANDS)]
    assert await _reads(redis) - before <= FEW


async def test_another_client_needs_one_for_each(other: Any) -> None:
    before = await _reads(other)
    await asyncio.gather(*(other.echo(str(n)) for n in range(COMMANDS)))
    assert await _reads(other) - before >= COMMANDS


async def test_the_error_of_one_is_its_own(redis: Any) -> None:
    await redis.set("text", "x")
    asked = [redis.get("text"), redis.incr("text"), redis.get("text")]
    answers: list[Any] = await asyncio.gather(*asked, return_exceptions=True)
    assert [answers[0], answers[2]] == ["x", "x"]
    assert isinstance(answers[1], ResponseError)


async def test_scripts_are_loaded_once_they_are_missed(redis: Any) -> None:
    await redis.script_flush()
    script = redis.register_script("return ARGV[1]")
    assert await asyncio.gather(*(script(args=[n]) for n in range(5))) == list("01234")


async def test_answers_are_read_as_a_plain_client_reads_them(redis: Any) -> None:
    await redis.hset("hash", mapping={"a": "1", "b": "2"})
    asked = [redis.hgetall("hash"), redis.hexists("hash", "c")]
    answers: list[Any] = await asyncio.gather(*asked)
    assert answers == [{"a": "1", "b": "2"}, False]


async def test_a_caller_that_is_cancelled_disturbs_no_other(redis: Any) -> None:
    await redis.ping()
    leaving = asyncio.ensure_future(redis.echo("leaving"))
    staying = asyncio.ensure_future(redis.echo("staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "staying"
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_a_lost_connection_fails_its_commands_and_no_later_one(
    redis: Any, other: Any
) -> None:
    waits = asyncio.ensure_future(redis.blpop(["nothing"], timeout=0))
    beside = asyncio.ensure_future(redis.ping())
    async with asyncio.timeout(10):
        while not await _cut_off_who_waits(other):
            pass
        for asked in (waits, beside):
            with pytest.raises(RedisError):
                await asked
        assert await redis.ping()


async def _cut_off_who_waits(redis: Any) -> bool:
    clients = [client["id"] for client in await redis.client_list() if client["cmd"] == "blpop"]
    for client in clients:
        await redis.client_kill_filter(_id=client)
    return bool(clients)


async def test_however_many_begin_at_once_they_open_one_connection(redis: Any, other: Any) -> None:
    before = len(await other.client_list())
    await asyncio.gather(*(redis.ping() for _ in range(50)))
    assert len(await other.client_list()) == before + 1


async def test_a_redis_that_falls_silent_is_given_up(redis: Any, other: Any) -> None:
    await redis.ping()
    await other.client_pause(int(3 * SOCKET_TIMEOUT_S * 1000), all=False)  # all: itself, too
    try:
        with pytest.raises(RedisTimeout):
            await redis.set("text", "x")
        assert await redis.ping()
    finally:
        await other.client_unpause()


async def test_a_redis_that_is_not_there_is_looked_for_with_each_command() -> None:
    (port,) = free_ports(1)
    client: Any = MultiplexedRedis(connection_pool(f"redis://127.0.0.1:{port}/0"))
    for _ in range(2):
        asked = [client.ping(), client.ping()]
        errors: list[Any] = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, ConnectionLost) for error in errors)
    await client.aclose()


async def test_closing_leaves_nobody_waiting(redis_url: str) -> None:
    client: Any = MultiplexedRedis(connection_pool(redis_url))
    await client.ping()
    waiting = [asyncio.ensure_future(client.blpop(["nothing"], timeout=2)) for _ in range(4)]
    await asyncio.sleep(0)
    await client.aclose()
    async with asyncio.timeout(5):
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError | RedisError) for result in results)


async def test_a_subscription_is_heard_whatever_protocol_the_address_asks_for(
    redis_url: str, redis: Any
) -> None:
    """RESP2 would answer it between the commands, where nobody asked."""
    heard: asyncio.Queue[Any] = asyncio.Queue()
    pool = connection_pool(f"{redis_url}?protocol=2")
    wire = await open_wire(pool, hear=heard.put_nowait)
    wire.tell(("SUBSCRIBE", "news"))
    async with asyncio.timeout(SOCKET_TIMEOUT_S):
        assert (await heard.get())[0] == "subscribe"
        await redis.publish("news", "new")
        assert list(await heard.get()) == ["message", "news", "new"]
    wire.close()
    await pool.disconnect()
