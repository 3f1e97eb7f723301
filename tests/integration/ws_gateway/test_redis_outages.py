"""Redis breaks, hangs or comes back empty: sockets stay, and hear what they missed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from websockets.exceptions import InvalidStatus

from local.ports import free_ports
from local.redis_server import find_redis_server
from tests.integration.ws_gateway.clients import (
    Client,
    Writer,
    a_user,
    connected,
    ready_gateway,
    short_settings,
)


class OwnRedis:
    """A Redis of the test's own, which may be broken."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = free_ports(1)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, is_kept: bool = True) -> None:
        """Start it and wait until it answers; `is_kept` is whether it has its former data."""
        program = find_redis_server()
        assert program is not None
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--dir", str(self._folder), "--appendonly", "yes" if is_kept else "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with Redis.from_url(self.url) as redis:  # pyright: ignore[reportUnknownMemberType]
            redis.set_retry(Retry(ConstantBackoff(0.02), 500))
            redis.ping()  # pyright: ignore[reportUnknownMemberType]

    def stop(self) -> None:
        """End it; idempotent."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    redis = OwnRedis(tmp_path)
    redis.start()
    yield redis
    redis.stop()


async def test_sockets_outlive_a_redis_that_restarts_with_its_data(own_redis: OwnRedis) -> None:
    user, writer = a_user(), Writer.of(own_redis.url)
    async with (
        ready_gateway(short_settings(own_redis.url, gateway_sweep_s=3600)) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        writer.append(user, range(3))
        await client.read_events(3)
        # Nothing but the comparison after the new subscription can find this one.
        writer.append_silently(user, [3])
        await asyncio.to_thread(own_redis.stop)
        assert await client.says_nothing_before_pong()
        await asyncio.to_thread(own_redis.start)
        await client.read_events(4)
        assert running.counts.subscriptions > 1
        writer.append(user, [4])
        assert await client.read_events(5) == [0, 1, 2, 3, 4]
    writer.redis.close()


async def test_clients_of_a_redis_that_restarts_empty_are_told_to_resync(
    own_redis: OwnRedis,
) -> None:
    user, writer = a_user(), Writer.of(own_redis.url)
    async with (
        ready_gateway(short_settings(own_redis.url, gateway_sweep_s=3600)) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        writer.append(user, range(3))
        await client.read_events(3)
        await asyncio.to_thread(own_redis.stop)
        await asyncio.to_thread(own_redis.start, is_kept=False)
        assert (await client.read_type("resync"))["reason"] == "epoch_changed"
        # The connection is on the map again, so that a poke alone brings the next event.
        writer.append(user, [3])
        assert await client.read_events(4) == [0, 1, 2, 3]
    writer.redis.close()


async def test_while_redis_hangs_sockets_answer_and_then_catch_up(own_redis: OwnRedis) -> None:
    user, writer = a_user(), Writer.of(own_redis.url)
    async with (
        ready_gateway(short_settings(own_redis.url)) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        ticket = writer.ticket(user)
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            await client.send({"action": "authenticate", "ticket": ticket})
            assert (await read_past(client, "pong"))["code"] == "unavailable"
            assert await client.says_nothing_before_pong()
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)
        writer.append(user, range(5))
        assert await client.read_events(5) == [0, 1, 2, 3, 4]
    writer.redis.close()


async def test_a_socket_that_comes_while_redis_hangs_is_told_to_try_later(
    own_redis: OwnRedis,
) -> None:
    writer = Writer.of(own_redis.url)
    async with ready_gateway(short_settings(own_redis.url)) as running:
        ticket = writer.ticket(a_user())
        await asyncio.to_thread(own_redis.stop)
        with pytest.raises(InvalidStatus) as caught:
            async with connected(running.port, ticket):
                pass
        assert caught.value.response.status_code == 503
        assert caught.value.response.headers["Retry-After"]
    writer.redis.close()


async def read_past(client: Client, kind: str) -> dict[str, object]:
    """The next frame that is not of a type."""
    while (frame := await client.read())["type"] == kind:
        pass
    return frame
