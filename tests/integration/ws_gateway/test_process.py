"""The gateway as a process: it drains on SIGTERM, and leaves only leases behind on SIGKILL."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from local.ports import free_ports
from prosa.event_log.keys import connections_key
from tests.integration.ws_gateway.clients import (
    DEADLINE_S,
    Writer,
    a_user,
    connected,
    until,
)


@dataclass
class GatewayProcess:
    port: int
    internal_port: int
    process: asyncio.subprocess.Process

    async def exit_code(self) -> int:
        async with asyncio.timeout(DEADLINE_S):
            return await self.process.wait()

    async def get(self, path: str) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.internal_port}{path}") as response,
        ):
            return response.status, await response.text()


@asynccontextmanager
async def gateway_process(redis_url: str, **variables: str) -> AsyncGenerator[GatewayProcess]:
    """Run `python -m ws_gateway`; the block starts when `/readyz` says 200."""
    port, internal_port = free_ports(2)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONWARNINGS": "error",
        "PROSA_REDIS_URL": redis_url,
        "PROSA_GATEWAY_PORT": str(port),
        "PROSA_GATEWAY_EVENTS_PORT": "0",
        "PROSA_GATEWAY_INTERNAL_PORT": str(internal_port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ws_gateway", env=environ | variables, stderr=asyncio.subprocess.PIPE
    )
    found = GatewayProcess(port, internal_port, process)
    try:
        await wait_until_ready(found)
        yield found
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def wait_until_ready(found: GatewayProcess) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            assert found.process.returncode is None, await found.process.communicate()
            try:
                if (await found.get("/readyz"))[0] == 200:
                    return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_all_sockets_and_ends_the_process(
    redis_url: str, writer: Writer, number: signal.Signals
) -> None:
    users = [a_user() for _ in range(120)]
    async with gateway_process(redis_url) as found, AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(found.port, writer.ticket(user)))
            for user in users
        ]
        began = time.monotonic()
        found.process.send_signal(number)
        codes = await asyncio.gather(*(client.closed() for client in clients))
        assert codes == [1012] * len(users)
        notices = [client.frames[-1] for client in clients]
        assert {frame["type"] for frame in notices} == {"draining"}
        assert len({frame["reconnect_in_s"] for frame in notices}) > 10
        assert await found.exit_code() == 0
        assert time.monotonic() - began < 6
    assert not writer.redis.keys("*conns*")


async def test_a_draining_process_is_not_ready_and_takes_no_sockets(
    redis_url: str, writer: Writer
) -> None:
    """One client that never answers the close keeps the process draining for a moment."""
    async with (
        gateway_process(redis_url, PROSA_GATEWAY_CLOSE_TIMEOUT_S="3") as found,
        connected(found.port, writer.ticket(a_user()), is_tiny=True) as client,
    ):
        client.socket.transport.pause_reading()
        found.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_S):
            while (await found.get("/readyz"))[0] == 200:  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.02)
        assert json.loads((await found.get("/readyz"))[1])["status"] == "draining"
        assert (await found.get("/healthz"))[0] == 200
        with pytest.raises(ConnectionRefusedError):
            async with connected(found.port, writer.ticket(a_user())):
                pass
        assert await found.exit_code() == 0


async def test_what_a_killed_process_leaves_on_the_map_expires(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    variables = {"PROSA_GATEWAY_LEASE_S": "1.5", "PROSA_GATEWAY_RENEW_S": "0.3"}
    async with gateway_process(redis_url, **variables) as found:
        async with connected(found.port, writer.ticket(user)) as client:
            cursor = writer.append(user, [0])[0]
            await client.read_events(1)
            found.process.kill()
            await client.closed()
        assert writer.redis.exists(connections_key(user))
        await until(lambda: not writer.redis.exists(connections_key(user)))
    # Another node resumes where the dead one was.
    async with gateway_process(redis_url) as found:
        writer.append(user, [1, 2])
        async with connected(found.port, writer.ticket(user), str(cursor)) as client:
            assert await client.read_events(2) == [1, 2]


async def test_wrong_settings_are_named_and_end_the_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ws_gateway",
        env={"PATH": os.environ["PATH"], "PROSA_GATEWAY_PORT": "http"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert b"PROSA_GATEWAY_PORT" in stderr


async def test_a_process_that_waits_for_redis_can_be_stopped() -> None:
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ws_gateway",
        env={
            "PATH": os.environ["PATH"],
            "PROSA_REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "PROSA_GATEWAY_PORT": "0",
            "PROSA_GATEWAY_EVENTS_PORT": "0",
            "PROSA_GATEWAY_INTERNAL_PORT": "0",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(DEADLINE_S):
        while b"gateway_listening" not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0
