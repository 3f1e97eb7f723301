"""Event streams carry the same log as sockets, to the same people, and end for the same reasons."""

from __future__ import annotations

import asyncio
import json

import pytest

from prosa.event_log.keys import connections_key
from prosa.socket_access.revocations import revoke_sessions
from tests.integration.ws_gateway.clients import (
    KIB,
    Writer,
    a_user,
    connected,
    ready_gateway,
    short_settings,
    until,
)
from tests.integration.ws_gateway.streams import opened, streaming
from ws_gateway.bootstrap import RunningGateway, gateway


async def refusal(
    port: int, ticket: str | None, after: str | None = None, *, origin: str | None = None
) -> tuple[int, str]:
    """Status and problem code of a stream that is refused."""
    headers = {"Origin": origin} if origin else {}
    async with opened(port, ticket, after, headers=headers) as response:
        assert response.headers["Content-Type"] == "application/problem+json"
        return response.status, json.loads(await response.text())["code"]


async def test_it_plays_what_happens_and_names_each_place(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with streaming(running.events_port, writer.ticket(user)) as client:
        assert client.response.headers["Content-Type"] == "text/event-stream"
        assert client.response.headers["Cache-Control"] == "no-store, no-transform"
        cursors = await asyncio.to_thread(writer.append, user, range(3))
        assert await client.read_events(3) == [0, 1, 2]
        assert client.ids == [str(c) for c in cursors]
        assert [frame["cursor"] for frame in client.frames] == client.ids


async def test_a_socket_and_a_stream_of_one_user_hear_the_same(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with (
        streaming(running.events_port, writer.ticket(user)) as stream,
        connected(running.port, writer.ticket(user)) as socket,
    ):
        await asyncio.to_thread(writer.append, user, range(20), text="é 😀 \n")
        assert await stream.read_events(20) == await socket.read_events(20)
        assert stream.frames == socket.frames


@pytest.mark.parametrize("how", ["after", "header"])
async def test_who_comes_back_is_played_what_it_missed(
    running: RunningGateway, writer: Writer, how: str
) -> None:
    user = a_user()
    cursors = writer.append(user, range(250))
    place = str(cursors[9])
    after, headers = (place, {}) if how == "after" else (None, {"Last-Event-ID": place})
    async with streaming(
        running.events_port, writer.ticket(user), after, headers=headers
    ) as client:
        assert client.connected["cursor"] == place
        assert await client.read_events(240) == list(range(10, 250))


async def test_the_header_counts_before_the_address(
    running: RunningGateway, writer: Writer
) -> None:
    """A browser reconnects with the address it had, and its newest place in the header."""
    user = a_user()
    cursors = [str(c) for c in writer.append(user, range(5))]
    headers = {"Last-Event-ID": cursors[3]}
    async with streaming(
        running.events_port, writer.ticket(user), cursors[0], headers=headers
    ) as client:
        assert await client.read_events(1) == [4]


async def test_lost_history_is_told(running: RunningGateway, writer: Writer) -> None:
    async with streaming(running.events_port, writer.ticket(a_user()), "00000000abcd:1") as client:
        assert (await client.read_type("resync"))["reason"] == "epoch_changed"


async def test_who_may_not_connect_is_told_why(running: RunningGateway, writer: Writer) -> None:
    port, ticket = running.events_port, writer.ticket(a_user())
    assert await refusal(port, None) == (401, "ticket_missing")
    assert await refusal(port, "made-up") == (401, "ticket_invalid")
    assert await refusal(port, ticket, "12") == (400, "malformed_cursor")
    assert await refusal(port, ticket, origin="https://evil.example") == (403, "origin_refused")
    async with streaming(port, ticket, headers={"Origin": "https://prosa.example"}):
        assert await refusal(port, ticket) == (401, "ticket_invalid")


async def test_a_ticket_opens_a_socket_or_a_stream_but_one(
    running: RunningGateway, writer: Writer
) -> None:
    ticket = writer.ticket(a_user())
    async with connected(running.port, ticket):
        assert await refusal(running.events_port, ticket) == (401, "ticket_invalid")


async def test_without_redis_it_says_try_later() -> None:
    async with gateway(short_settings("redis://127.0.0.1:1/0")) as running:
        assert await refusal(running.events_port, "any") == (503, "not_ready")


async def test_it_counts_as_a_connection_of_the_user(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_max_connections_per_user=1)
    async with (
        ready_gateway(settings) as running,
        streaming(running.events_port, writer.ticket(user)),
        opened(running.events_port, writer.ticket(user)) as second,
    ):
        assert "4429" in await second.text()


async def test_it_shows_that_it_lives(redis_url: str, writer: Writer) -> None:
    settings = short_settings(redis_url, gateway_heartbeat_s=1)
    async with (
        ready_gateway(settings) as running,
        streaming(running.events_port, writer.ticket(a_user())) as client,
    ):
        reading = asyncio.create_task(client.closed())
        await until(lambda: client.beats >= 3)
        reading.cancel()


async def test_a_client_that_leaves_leaves_nothing_behind(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with streaming(running.events_port, writer.ticket(user)):
        assert len(running.hub) == 1
        assert writer.redis.exists(connections_key(user))
    await until(lambda: len(running.hub) == 0)
    await until(lambda: not writer.redis.exists(connections_key(user)))


async def test_its_end_says_why(redis_url: str, writer: Writer) -> None:
    user = a_user()
    async with ready_gateway(short_settings(redis_url)) as running:
        async with streaming(running.events_port, writer.ticket(user)) as revoked:
            revoke_sessions(writer.redis, user, ["ses_1"])
            assert await revoked.closed() == 4401
        restarted = streaming(running.events_port, writer.ticket(a_user()))
        client = await restarted.__aenter__()
    assert (await client.read_type("draining"))["reconnect_in_s"] >= 0
    assert await client.closed() == 1012
    await restarted.__aexit__(None, None, None)


async def test_a_session_that_is_over_ends_it(redis_url: str, writer: Writer) -> None:
    settings = short_settings(redis_url, gateway_session_grace_s=0)
    async with (
        ready_gateway(settings) as running,
        streaming(running.events_port, writer.ticket(a_user(), session_s=1)) as client,
    ):
        assert await client.closed() == 4401


async def test_a_stream_that_does_not_read_is_let_go_and_misses_nothing(
    redis_url: str, writer: Writer
) -> None:
    user, total = a_user(), 3000
    settings = short_settings(
        redis_url, gateway_send_buffer=4096, gateway_write_buffer=16 * 1024, gateway_stall_s=0.5
    )
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)) as healthy,
    ):
        async with streaming(running.events_port, writer.ticket(user)) as stalled:
            stalled.stop_reading()
            for start in range(0, total, 50):
                await asyncio.to_thread(writer.append, user, range(start, start + 50), text=KIB)
            assert await healthy.read_events(total) == list(range(total))
            await until(lambda: running.counts.closed[4408] == 1)
            seen = await stalled.numbers_until_cut()
        assert seen == list(range(len(seen)))
        place = stalled.ids[-1] if stalled.ids else stalled.connected["cursor"]
        async with streaming(running.events_port, writer.ticket(user), place) as resumed:
            rest = list(range(len(seen), total))
            assert await resumed.read_events(len(rest)) == rest


@pytest.mark.parametrize(
    "said", [b"", b"GET /api/ev", b"POST /api/events HTTP/1.1\r\nHost: a\r\n\r\n"]
)
async def test_who_asks_for_nothing_is_cut_off_and_a_stream_is_not(
    redis_url: str, writer: Writer, said: bytes
) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_open_timeout_s=0.5)
    async with (
        ready_gateway(settings) as running,
        streaming(running.events_port, writer.ticket(user)) as stream,
    ):
        reader, sender = await asyncio.open_connection("127.0.0.1", running.events_port)
        sender.write(said)
        async with asyncio.timeout(10):
            await reader.read()  # up to its end, which the gateway makes
        sender.close()
        await asyncio.to_thread(writer.append, user, [0])
        assert await stream.read_events(1) == [0]


async def test_no_more_than_so_many_wait_at_the_door_and_streams_do_not_count(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_max_handshakes=3, gateway_open_timeout_s=1.0)
    async with (
        ready_gateway(settings) as running,
        streaming(running.events_port, writer.ticket(user)) as stream,
    ):
        port = running.events_port
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        reader, late = await asyncio.open_connection("127.0.0.1", port)
        assert await _end_of(reader) == b""  # turned away at once
        late.close()
        assert not any(waiting.at_eof() for waiting, _ in silent)
        for waiting, writing in silent:
            assert await _end_of(waiting) == b""
            writing.close()
        async with streaming(port, writer.ticket(user)) as another:
            await asyncio.to_thread(writer.append, user, [0])
            assert await stream.read_events(1) == await another.read_events(1) == [0]


async def _end_of(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.read()


async def test_no_ticket_gets_into_the_log(
    running: RunningGateway, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = writer.ticket(a_user())
    for line in (f"GET /api/events?ticket={ticket}&{'a' * 20_000}", f"\x16\x03{ticket}"):
        reader, sender = await asyncio.open_connection("127.0.0.1", running.events_port)
        sender.write(f"{line} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert (await reader.read(12)) == b"HTTP/1.0 400"
        sender.close()
    assert ticket.partition(".")[2] not in caplog.text
