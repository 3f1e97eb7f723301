"""Parts go away in the middle of a reply: the reply is stored all the same, and told in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.provision import Provisioned
from prosa.jobs import JobStatus
from tests.faults.proxies.tcp_proxy import TcpProxy
from tests.integration.worker.conftest import RunWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer
from tests.stack.own_redis import OwnRedis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path)
    yield own
    own.kill()


@pytest.fixture
def world(world: World, resources: Provisioned, redis: OwnRedis) -> Iterator[World]:
    own = World(resources, redis.url, user_id=world.user_id)
    yield own
    own.close()


@pytest.fixture
def aws_proxy(aws: dict[str, str]) -> Iterator[TcpProxy]:
    """A way to the emulator that can be blocked; `by_proxy` sends a service's clients there."""
    endpoint = urlsplit(aws["AWS_ENDPOINT_URL"])
    assert endpoint.hostname is not None
    assert endpoint.port is not None
    with TcpProxy((endpoint.hostname, endpoint.port)).running() as proxy:
        yield proxy


@pytest.fixture
def by_proxy(aws_proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Send this process's clients of a service that are made from now on through the proxy."""

    def send(service: str) -> None:
        url = f"http://127.0.0.1:{aws_proxy.port}"
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

    return send


async def test_redis_dies_in_the_middle_of_a_reply(
    world: World, llm: LlmServer, run_worker: RunWorker, redis: OwnRedis
) -> None:
    script = Script(text="stored whatever happens to Redis", hold_after=3)
    llm.script(script)
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        redis.kill()
        script.gate.open()
        await eventually(lambda: world.is_final(job))
        redis.start_again()
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)

    assert world.reply(job).content == "stored whatever happens to Redis"
    assert world.job(job).attempt == 1
    assert world.events(job)[-1].message.content == "stored whatever happens to Redis"
    assert len(llm.requests) == 1


async def test_a_frozen_redis_does_not_hold_the_model_up(
    world: World, llm: LlmServer, run_worker: RunWorker, redis: OwnRedis
) -> None:
    script = Script(text="word " * 100, piece_chars=5, hold_after=3)
    llm.script(script)
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        redis.freeze()
        try:
            script.gate.open()
            await eventually(lambda: world.is_final(job), timeout_s=2)
        finally:
            redis.thaw()
        await eventually(lambda: world.has_ended(job))

    assert world.reply(job).content == "word " * 100
    assert world.said(job) == "word " * 100


async def test_what_was_said_while_redis_was_away_is_said_after(
    world: World, llm: LlmServer, run_worker: RunWorker, redis: OwnRedis
) -> None:
    script = Script(text="one two three four five six", hold_after=3)
    llm.script(script)
    redis.kill()
    async with run_worker():
        job = world.ask()
        await eventually(lambda: llm.requests and llm.requests[0].pieces_sent == 3)
        redis.start_again()
        # Start and deltas that were said to nobody come now, with the model still silent.
        await eventually(lambda: world.said(job) == "one two thre")
        script.gate.open()
        await eventually(lambda: world.has_ended(job))

    assert world.kinds(job) == ["reply.started", "reply.delta", "reply.completed"]
    assert world.said(job) == world.reply(job).content


async def test_the_table_is_away_at_the_commit(
    world: World,
    llm: LlmServer,
    run_worker: RunWorker,
    aws_proxy: TcpProxy,
    by_proxy: Callable[[str], None],
) -> None:
    script = Script(text="committed when the table is back", hold_after=3)
    llm.script(script)
    by_proxy("DYNAMODB")
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        aws_proxy.block()
        script.gate.open()
        await eventually(lambda: aws_proxy.refused)
        assert not world.has_ended(job)  # nothing is told that is not stored
        aws_proxy.unblock()
        await eventually(lambda: world.has_ended(job))

    assert world.job(job).status is JobStatus.DONE
    assert world.job(job).attempt == 1
    assert world.reply(job).content == "committed when the table is back"


async def test_a_job_whose_message_cannot_be_kept_is_stopped(
    world: World,
    llm: LlmServer,
    run_worker: RunWorker,
    aws_proxy: TcpProxy,
    by_proxy: Callable[[str], None],
) -> None:
    llm.script(Script(text="never to its end", hold_after=3), Script(text="the second time"))
    by_proxy("SQS")
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        aws_proxy.block()
        await eventually(lambda: llm.requests[0].is_aborted)  # its bill has stopped
        aws_proxy.unblock()
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)

    assert world.job(job).attempt == 2
    assert world.reply(job).content == "the second time"
