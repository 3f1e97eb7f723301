"""Who may open a socket, and what the others are told."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus

from tests.integration.ws_gateway.clients import (
    Client,
    Writer,
    a_user,
    address,
    connected,
    ready_gateway,
    short_settings,
    until,
)
from ws_gateway.bootstrap import RunningGateway, gateway
from ws_gateway.connection import Admission
from ws_gateway.gateway_socket import Doorway, GatewaySocket


async def refusal(
    port: int, ticket: str | None, after: str | None = None, *, origin: str | None = None
) -> tuple[int, str]:
    """Status and problem code of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with connected(port, ticket, after, origin=origin):
            pass
    response = caught.value.response
    is_problem = response.headers.get("Content-Type") == "application/problem+json"
    return response.status_code, json.loads(response.body)["code"] if is_problem else ""


async def test_a_ticket_opens_one_socket_at_the_head_of_the_log(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    (last,) = writer.append(user, [0])
    async with connected(running.port, writer.ticket(user)) as client:
        assert client.connected["type"] == "connected"
        assert client.connected["cursor"] == str(last)
        assert client.connected["connection_id"].startswith("con_")
        assert client.connected["heartbeat_s"] >= 1


class WatchedTransport:
    """Passes everything on, and notes what is written."""

    def __init__(self, transport: asyncio.BaseTransport, written: list[bytes]) -> None:
        self._transport = transport
        self._written = written

    def write(self, data: bytes) -> None:
        self._written.append(data)
        cast(asyncio.Transport, self._transport).write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_the_answer_and_what_follows_are_one_write(
    running: RunningGateway, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    made = GatewaySocket.connection_made

    def watched(socket: GatewaySocket, transport: asyncio.BaseTransport) -> None:
        made(socket, cast(asyncio.BaseTransport, WatchedTransport(transport, written)))

    monkeypatch.setattr(GatewaySocket, "connection_made", watched)
    user = a_user()
    first, _ = writer.append(user, [0, 1])
    async with connected(running.port, writer.ticket(user), str(first)) as client:
        await client.read_events(1)
        assert len(written) == 1
        assert written[0].startswith(b"HTTP/1.1 101 ")


async def test_a_server_that_closes_meanwhile_says_so() -> None:
    async def close_meanwhile(socket: ServerConnection, *_: object) -> None:
        cast(GatewaySocket, socket).admission = cast(Admission, object())
        socket.server.close(close_connections=False)
        await until(lambda: not socket.server.is_serving())

    async def nothing(_: ServerConnection) -> None: ...

    gateway_socket = GatewaySocket.behind(Doorway(most=1))
    async with serve(
        nothing,
        "127.0.0.1",
        0,
        process_response=close_meanwhile,
        create_connection=gateway_socket,
    ) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await refusal(port, None))[0] == 503


async def test_no_ticket_is_refused(running: RunningGateway) -> None:
    assert await refusal(running.port, None) == (401, "ticket_missing")


async def test_an_unknown_ticket_is_refused(running: RunningGateway) -> None:
    assert await refusal(running.port, "made-up") == (401, "ticket_invalid")


async def test_a_ticket_longer_than_any_is_refused(running: RunningGateway) -> None:
    assert await refusal(running.port, "t" * 4000) == (401, "ticket_invalid")


async def test_a_ticket_is_good_once(running: RunningGateway, writer: Writer) -> None:
    ticket = writer.ticket(a_user())
    async with connected(running.port, ticket):
        assert await refusal(running.port, ticket) == (401, "ticket_invalid")


async def test_an_expired_ticket_is_refused(running: RunningGateway, writer: Writer) -> None:
    ticket = writer.ticket(a_user())
    (key,) = writer.redis.keys("*ticket:*")
    writer.redis.pexpire(key, 1)
    await until(lambda: not writer.redis.exists(key))
    assert await refusal(running.port, ticket) == (401, "ticket_invalid")


async def test_a_ticket_of_a_session_long_over_is_refused(
    running: RunningGateway, writer: Writer
) -> None:
    ticket = writer.ticket(a_user(), session_s=-60)
    assert await refusal(running.port, ticket) == (401, "ticket_invalid")


async def test_of_twenty_who_race_with_one_ticket_one_gets_in(
    running: RunningGateway, writer: Writer
) -> None:
    ticket = writer.ticket(a_user())
    is_over = asyncio.Event()

    async def race() -> int:
        try:
            async with connected(running.port, ticket):
                await is_over.wait()
                return 101
        except InvalidStatus as exc:
            return exc.response.status_code

    races = [asyncio.create_task(race()) for _ in range(20)]
    await until(lambda: sum(r.done() for r in races) == 19)
    is_over.set()
    assert sorted(await asyncio.gather(*races)) == [101] + [401] * 19


async def test_a_page_of_another_origin_is_refused_and_keeps_its_ticket(
    running: RunningGateway, writer: Writer
) -> None:
    ticket = writer.ticket(a_user())
    assert (await refusal(running.port, ticket, origin="https://evil.example"))[0] == 403
    async with connected(running.port, ticket, origin="https://prosa.example"):
        pass


async def test_a_missing_origin_is_refused_where_the_setting_says_so(
    redis_url: str, writer: Writer
) -> None:
    settings = short_settings(redis_url, gateway_allow_missing_origin=False)
    async with ready_gateway(settings) as running:
        assert (await refusal(running.port, writer.ticket(a_user())))[0] == 403


async def test_a_malformed_cursor_is_refused_and_keeps_its_ticket(
    running: RunningGateway, writer: Writer
) -> None:
    ticket = writer.ticket(a_user())
    assert await refusal(running.port, ticket, after="12") == (400, "malformed_cursor")
    async with connected(running.port, ticket):
        pass


async def test_a_full_node_refuses_before_it_takes_the_ticket(
    redis_url: str, writer: Writer
) -> None:
    async with ready_gateway(short_settings(redis_url, gateway_max_connections=1)) as running:
        async with connected(running.port, writer.ticket(a_user())):
            ticket = writer.ticket(a_user())
            assert await refusal(running.port, ticket) == (503, "node_full")
        await until(lambda: len(running.hub) == 0)
        async with connected(running.port, ticket):
            pass


async def test_a_user_with_too_many_sockets_is_told_so(redis_url: str, writer: Writer) -> None:
    settings = short_settings(redis_url, gateway_max_connections_per_user=2)
    user = a_user()
    async with ready_gateway(settings) as running:
        async with (
            connected(running.port, writer.ticket(user)),
            connected(running.port, writer.ticket(user)),
        ):
            async with connect(address(running.port, writer.ticket(user))) as socket:
                assert await Client(socket).closed() == 4429
            async with connected(running.port, writer.ticket(a_user())):
                pass
        await until(lambda: not writer.redis.keys("*conns*"))


async def test_without_redis_the_handshake_says_try_later() -> None:
    settings = short_settings("redis://127.0.0.1:1/0")
    async with gateway(settings) as running:
        assert await refusal(running.port, "any") == (503, "not_ready")
