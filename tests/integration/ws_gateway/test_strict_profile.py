"""With the profile `strict` a client meets API Gateway's limits here, and ours still resumes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.ws_gateway.clients import (
    Client,
    Writer,
    a_user,
    connected,
    ready_gateway,
    short_settings,
)
from ws_gateway.bootstrap import RunningGateway
from ws_gateway.settings import GatewaySettings


@pytest.fixture
async def strict(redis_url: str) -> AsyncGenerator[RunningGateway]:
    async with ready_gateway(short_settings(redis_url, gateway_profile="strict")) as running:
        yield running


def test_it_has_the_limits_of_api_gateway_and_the_other_has_none() -> None:
    strict, usual = GatewaySettings(gateway_profile="strict"), GatewaySettings()
    assert (strict.idle_s, strict.life_s) == (600, 7200)
    assert (usual.idle_s, usual.life_s) == (0, 0)
    assert GatewaySettings(gateway_profile="strict", gateway_idle_s=5).idle_s == 5


async def test_an_idle_connection_is_closed_and_one_in_use_is_not(
    redis_url: str, writer: Writer
) -> None:
    settings = short_settings(redis_url, gateway_profile="strict", gateway_idle_s=1.0)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(a_user())) as idle,
        connected(running.port, writer.ticket(a_user())) as busy,
    ):
        closing = asyncio.create_task(idle.closed())
        while not closing.done():
            assert await busy.says_nothing_before_pong()
            await asyncio.wait({closing}, timeout=0.2)
        assert closing.result() == 1001
        assert await busy.says_nothing_before_pong()


async def test_what_is_sent_to_a_connection_keeps_it(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_profile="strict", gateway_idle_s=1.0)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(a_user())) as idle,
        connected(running.port, writer.ticket(user)) as told,
    ):
        closing = asyncio.create_task(idle.closed())
        for number in range(100):
            writer.append(user, [number])
            assert (await told.read())["index"] == number
            if (await asyncio.wait({closing}, timeout=0.2))[0]:
                break
        assert closing.done()
        assert await told.says_nothing_before_pong()


async def test_a_connection_is_closed_when_its_time_is_over_and_resumes(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    settings = short_settings(
        redis_url, gateway_profile="strict", gateway_life_s=1.0, gateway_limit_close_code=4000
    )
    async with ready_gateway(settings) as running:
        async with connected(running.port, writer.ticket(user)) as first:
            writer.append(user, [0])
            assert await first.read_events(1) == [0]
            assert await first.closed() == 4000
        writer.append(user, [1])
        async with connected(running.port, writer.ticket(user), first.cursor) as second:
            assert await second.read_events(1) == [1]


async def test_128_kb_in_frames_of_32_kb_pass(strict: RunningGateway, writer: Writer) -> None:
    async with connected(strict.port, writer.ticket(a_user())) as client:
        text = json.dumps({"action": "ping", "padding": "x" * (128 * 1024 - 40)})
        pieces = [text[i : i + 32 * 1024] for i in range(0, len(text), 32 * 1024)]
        await client.socket.send(pieces)
        assert (await client.read_type("pong"))["type"] == "pong"


@pytest.mark.parametrize(
    "message",
    ["x" * (32 * 1024 + 1), ["x" * 32 * 1024] * 5],
    ids=["a frame over 32 KB", "a message over 128 KB"],
)
async def test_more_is_closed_with_1009(
    strict: RunningGateway, writer: Writer, message: str | list[str]
) -> None:
    async with connected(strict.port, writer.ticket(a_user())) as client:
        assert await close_code_after(client, message) == 1009


async def test_a_binary_message_is_closed_with_1003(strict: RunningGateway, writer: Writer) -> None:
    async with connected(strict.port, writer.ticket(a_user())) as client:
        assert await close_code_after(client, b"{}") == 1003


async def close_code_after(client: Client, message: str | bytes | list[str]) -> int | None:
    with suppress(ConnectionClosed):
        await client.socket.send(message)
    return await client.closed()
