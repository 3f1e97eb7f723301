"""Many commands share a round trip, and nothing else: each has its own answer, error and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.exceptions import RedisError, ResponseError

from prosa.redis_client import connect, connection_pool
from ws_gateway.gathering_redis import MOST_COMMANDS, ROUND_TRIPS_AT_ONCE, GatheringRedis

COMMANDS = 1_000
ENOUGH_READS = COMMANDS // MOST_COMMANDS + ROUND_TRIPS_AT_ONCE + 4
"""Redis reads once for each round trip; besides, for the greeting of a connection and its count."""


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    client: Any = GatheringRedis(connection_pool(redis_url))
    yield client
    await client.aclose()


async def _reads(redis: Any) -> int:
    return int((await redis.info("stats"))["total_reads_processed"])


async def test_many_commands_share_few_round_trips(redis: Any) -> None:
    before = await _reads(redis)
    answers = await asyncio.gather(*(redis.echo(str(n)) for n in range(COMMANDS)))
    assert answers == [str(n) for n in range(COMMANDS)]
    assert await _reads(redis) - before <= ENOUGH_READS


async def test_a_plain_client_needs_one_for_each(redis_url: str) -> None:
    async with connect(redis_url) as plain:
        before = await _reads(plain)
        await asyncio.gather(*(_echo(plain, n) for n in range(COMMANDS)))
        assert await _reads(plain) - before >= COMMANDS


async def _echo(redis: Any, n: int) -> None:
    await redis.echo(str(n))


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


async def test_a_command_whose_caller_left_before_it_was_sent_is_not_carried_out(
    redis: Any,
) -> None:
    leaving = asyncio.ensure_future(redis.set("never", "1"))
    await asyncio.sleep(0)  # it has asked; its round trip begins with the next turn of the loop
    leaving.cancel()
    assert await redis.get("never") is None


async def test_a_lost_connection_fails_its_commands_and_no_later_one(
    redis: Any, redis_url: str
) -> None:
    waits = asyncio.ensure_future(redis.blpop(["nothing"], timeout=0))
    beside = asyncio.ensure_future(redis.ping())
    async with asyncio.timeout(10), connect(redis_url) as other:
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


async def test_closing_leaves_nobody_waiting(redis_url: str) -> None:
    client: Any = GatheringRedis(connection_pool(redis_url))
    await client.ping()
    waiting = [asyncio.ensure_future(client.blpop(["nothing"], timeout=2)) for _ in range(4)]
    await asyncio.sleep(0)
    await client.aclose()
    async with asyncio.timeout(5):
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError | RedisError) for result in results)
