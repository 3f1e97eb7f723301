"""Several processes of a gateway behind one port: each a node, all ended and replaced as one."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import pytest
from websockets.exceptions import ConnectionClosed

from local.ports import free_ports
from tests.integration.ws_gateway.clients import (
    DEADLINE_S,
    Writer,
    a_user,
    connected,
    until,
)
from tests.integration.ws_gateway.test_process import gateway_process


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def connections_of(internal_port: int) -> int | None:
    """How many sockets the process behind a port holds; None while it is not ready."""
    url = f"http://127.0.0.1:{internal_port}"
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/readyz") as ready:
                if ready.status != 200:
                    return None
            async with session.get(f"{url}/metrics") as response:
                text = await response.text()
    except aiohttp.ClientError:
        return None
    (line,) = (x for x in text.splitlines() if x.startswith("prosa_gateway_connections "))
    return int(float(line.split()[1]))


async def all_are_ready(ports: Sequence[int]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while None in [await connections_of(port) for port in ports]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_several_processes_share_the_port_and_the_sockets(
    redis_url: str, writer: Writer
) -> None:
    (events_port,) = free_ports(1)
    settings = {"PROSA_GATEWAY_PROCESSES": "2", "PROSA_GATEWAY_EVENTS_PORT": str(events_port)}
    async with gateway_process(redis_url, **settings) as gateway, AsyncExitStack() as stack:
        ports = (gateway.internal_port, gateway.internal_port + 1)
        await all_are_ready(ports)
        user = a_user()
        clients = [
            await stack.enter_async_context(
                connected(gateway.port, writer.ticket(user if n < 4 else a_user()))
            )
            for n in range(30)
        ]
        held = [await connections_of(port) for port in ports]
        assert sum(n or 0 for n in held) == 30
        assert all(held)
        writer.append(user, [7])
        assert [await client.read_events(1) for client in clients[:4]] == [[7]] * 4


async def test_a_process_that_dies_is_started_again_and_the_others_go_on(
    redis_url: str, writer: Writer
) -> None:
    (events_port,) = free_ports(1)
    settings = {"PROSA_GATEWAY_PROCESSES": "2", "PROSA_GATEWAY_EVENTS_PORT": str(events_port)}
    async with gateway_process(redis_url, **settings) as gateway, AsyncExitStack() as stack:
        ports = (gateway.internal_port, gateway.internal_port + 1)
        await all_are_ready(ports)
        clients = [
            await stack.enter_async_context(connected(gateway.port, writer.ticket(a_user())))
            for _ in range(20)
        ]
        first, second = children_of(gateway.process.pid)
        os.kill(first, signal.SIGKILL)
        await until(lambda: second in (now := children_of(gateway.process.pid)) and len(now) == 2)
        await all_are_ready(ports)
        alive = 0
        for client in clients:
            with suppress(ConnectionClosed):
                alive += await client.says_nothing_before_pong()
        assert 0 < alive < 20
        async with connected(gateway.port, writer.ticket(a_user())):
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_the_processes_end_with_their_parent_and_tell_their_clients(
    redis_url: str, writer: Writer, number: signal.Signals
) -> None:
    (events_port,) = free_ports(1)
    settings = {"PROSA_GATEWAY_PROCESSES": "2", "PROSA_GATEWAY_EVENTS_PORT": str(events_port)}
    async with gateway_process(redis_url, **settings) as gateway, AsyncExitStack() as stack:
        await all_are_ready((gateway.internal_port, gateway.internal_port + 1))
        clients = [
            await stack.enter_async_context(connected(gateway.port, writer.ticket(a_user())))
            for _ in range(10)
        ]
        children = children_of(gateway.process.pid)
        gateway.process.send_signal(number)
        assert [await client.closed() for client in clients] == [1012] * 10
        status = await asyncio.wait_for(gateway.process.wait(), DEADLINE_S)
        assert status == (0 if number is signal.SIGTERM else -signal.SIGKILL)
        await until(lambda: not any(is_running(child) for child in children))


async def test_processes_that_cannot_start_are_given_up(redis_url: str) -> None:
    """The second one's internal port is taken."""
    (port, events_port) = free_ports(2)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status = await status_beside(redis_url, taken, port, events_port)
    assert status == 1


async def status_beside(redis_url: str, taken: socket.socket, port: int, events_port: int) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ws_gateway",
        env={
            "PATH": os.environ["PATH"],
            "PROSA_REDIS_URL": redis_url,
            "PROSA_GATEWAY_PROCESSES": "2",
            "PROSA_GATEWAY_PORT": str(port),
            "PROSA_GATEWAY_EVENTS_PORT": str(events_port),
            "PROSA_GATEWAY_INTERNAL_PORT": str(taken.getsockname()[1] - 1),
        },
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await asyncio.wait_for(process.wait(), 60)
