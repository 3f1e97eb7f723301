"""What one client, one address, or many who say nothing may take; others feel none of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.integration.ws_gateway.clients import (
    Writer,
    a_user,
    address,
    connected,
    ready_gateway,
    short_settings,
    until,
)
from tests.integration.ws_gateway.streams import opened
from ws_gateway.bootstrap import RunningGateway


async def refusal_from(running: RunningGateway, writer: Writer, ip: str) -> tuple[int, str] | None:
    """Try a socket that comes from `ip` by way of our proxy; None when it is let in, and stays."""
    url = address(running.port, writer.ticket(a_user()))
    try:
        async with connect(url, additional_headers={"X-Forwarded-For": f"198.51.100.1, {ip}"}):
            return None
    except InvalidStatus as exc:
        return exc.response.status_code, json.loads(exc.response.body)["code"]


@pytest.fixture
async def proxied(redis_url: str) -> AsyncGenerator[RunningGateway]:
    """A gateway behind one proxy, which takes three connections from an address."""
    settings = short_settings(
        redis_url, gateway_forwarded_hops=1, gateway_max_connections_per_address=3
    )
    async with ready_gateway(settings) as running:
        yield running


async def test_an_address_holds_so_many_connections_of_both_kinds(
    proxied: RunningGateway, writer: Writer
) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7"}
    async with AsyncExitStack() as stack:
        for _ in range(2):
            url = address(proxied.port, writer.ticket(a_user()))
            await stack.enter_async_context(connect(url, additional_headers=headers))
        streams = opened(proxied.events_port, writer.ticket(a_user()), headers=headers)
        assert (await stack.enter_async_context(streams)).status == 200
        refused = (429, "too_many_connections")
        assert await refusal_from(proxied, writer, "203.0.113.7") == refused
        async with opened(
            proxied.events_port, writer.ticket(a_user()), headers=headers
        ) as response:
            assert (response.status, (await response.json())["code"]) == refused
        assert await refusal_from(proxied, writer, "203.0.113.8") is None
    await until(lambda: len(proxied.hub) == 0)
    assert await refusal_from(proxied, writer, "203.0.113.7") is None


async def test_a_subscriber_of_ipv6_is_one_whatever_address_it_takes(
    proxied: RunningGateway, writer: Writer
) -> None:
    async with AsyncExitStack() as stack:
        for n in range(3):
            url = address(proxied.port, writer.ticket(a_user()))
            headers = {"X-Forwarded-For": f"2001:db8:0:7::{n}"}
            await stack.enter_async_context(connect(url, additional_headers=headers))
        assert await refusal_from(proxied, writer, "2001:db8:0:7:ffff::1") is not None
        assert await refusal_from(proxied, writer, "2001:db8:0:8::1") is None


async def test_a_refused_ticket_gives_its_place_back(
    proxied: RunningGateway, writer: Writer
) -> None:
    headers = {"X-Forwarded-For": "203.0.113.7"}
    for _ in range(10):
        with pytest.raises(InvalidStatus) as caught:
            async with connect(
                address(proxied.port, f"{a_user()}.made-up"), additional_headers=headers
            ):
                pass
        assert caught.value.response.status_code == 401
    assert await refusal_from(proxied, writer, "203.0.113.7") is None


async def test_what_a_client_claims_beyond_our_proxies_counts_for_nothing(
    proxied: RunningGateway, writer: Writer
) -> None:
    """It may write what it likes in front of what our proxy adds."""
    async with AsyncExitStack() as stack:
        for n in range(3):
            url = address(proxied.port, writer.ticket(a_user()))
            headers = {"X-Forwarded-For": f"192.0.2.{n}, 203.0.113.7"}
            await stack.enter_async_context(connect(url, additional_headers=headers))
        assert await refusal_from(proxied, writer, "203.0.113.7") is not None


async def test_without_a_known_proxy_a_private_address_is_not_limited(
    redis_url: str, writer: Writer
) -> None:
    settings = short_settings(redis_url, gateway_max_connections_per_address=1)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(a_user())),
        connected(running.port, writer.ticket(a_user())),
    ):
        assert len(running.hub) == 2


async def test_who_says_nothing_is_cut_off_and_no_more_than_so_many_wait(
    redis_url: str, writer: Writer
) -> None:
    settings = short_settings(redis_url, gateway_max_handshakes=5, gateway_open_timeout_s=1.0)
    async with ready_gateway(settings) as running:
        async with connected(running.port, writer.ticket(a_user())) as client:
            silent = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(5)]
            reader, late = await asyncio.open_connection("127.0.0.1", running.port)
            assert await reader.read() == b""  # turned away at once
            late.close()
            assert not any(r.at_eof() for r, _ in silent)
            assert await client.says_nothing_before_pong()
            for each, writing in silent:
                assert await asyncio.wait_for(each.read(), 10) == b""
                writing.close()
        async with connected(running.port, writer.ticket(a_user())):
            pass


@pytest.mark.parametrize(
    "frame",
    [
        Frame(Opcode.PING, b""),
        Frame(Opcode.PONG, b"unasked"),
        Frame(Opcode.TEXT, b"", fin=False),
    ],
    ids=["pings", "pongs", "parts of a message"],
)
async def test_a_flood_of_frames_that_are_no_messages_is_cut_off(
    running: RunningGateway, writer: Writer, frame: Frame
) -> None:
    async with (
        connected(running.port, writer.ticket(a_user())) as hostile,
        connected(running.port, writer.ticket(a_user())) as healthy,
    ):
        first, rest = frame.serialize(mask=True), frame
        if frame.opcode is Opcode.TEXT:
            rest = Frame(Opcode.CONT, b"", fin=False)
        flood = first + rest.serialize(mask=True) * 200
        hostile.socket.transport.write(flood)
        assert await hostile.closed() == 4429
        assert await healthy.says_nothing_before_pong()


async def test_the_pings_of_a_usual_client_are_answered(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        for _ in range(40):
            await (await client.socket.ping())
        assert await client.says_nothing_before_pong()


async def test_a_client_that_sends_too_much_is_closed(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        try:
            for _ in range(100):
                await client.send({"action": "ping"})
        except ConnectionClosed:
            pass
        assert await client.closed() == 4429
