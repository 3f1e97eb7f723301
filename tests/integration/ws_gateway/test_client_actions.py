"""What a client may ask over its socket, and what it gets for nonsense."""

from __future__ import annotations

import pytest

from prosa.event_log.keys import fence_key
from tests.integration.ws_gateway.clients import (
    Writer,
    a_job,
    a_user,
    connected,
    ready_gateway,
    short_settings,
    until,
)
from ws_gateway.bootstrap import RunningGateway


async def test_ping_is_answered(running: RunningGateway, writer: Writer) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        await client.send({"action": "ping"})
        assert await client.read() == {"type": "pong"}


async def test_cancel_marks_the_users_own_job_only(running: RunningGateway, writer: Writer) -> None:
    user, stranger = a_user(), a_user()
    mine, theirs = a_job(user), a_job(stranger)
    async with connected(running.port, writer.ticket(user)) as client:
        await client.send({"action": "cancel", "job_id": mine})
        await client.send({"action": "cancel", "job_id": theirs})
        assert await client.says_nothing_before_pong()
    assert writer.redis.hexists(fence_key(user, mine), "cancelled")
    assert not writer.redis.exists(fence_key(stranger, theirs))


async def test_a_session_is_renewed_by_a_ticket_of_the_same_user(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_session_grace_s=0)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user, session_s=3)) as renewed,
        connected(running.port, writer.ticket(user, session_s=3)) as forgotten,
    ):
        await renewed.send({"action": "authenticate", "ticket": writer.ticket(user)})
        frame = await renewed.read()
        assert frame["type"] == "authenticated"
        assert 890 <= frame["expires_in"] <= 900
        assert await forgotten.closed() == 4401
        assert await renewed.says_nothing_before_pong()
        assert len(running.hub) == 1


async def test_a_ticket_of_another_user_closes_the_socket(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        await client.send({"action": "authenticate", "ticket": writer.ticket(a_user())})
        assert await client.closed() == 4503


async def test_a_bad_ticket_is_refused_and_the_socket_stays(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        await client.send({"action": "authenticate", "ticket": "made-up"})
        assert (await client.read())["code"] == "ticket_invalid"
        assert await client.says_nothing_before_pong()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"action":"cancel"}',
        '{"action":"cancel","job_id":"job_1"}',
        '{"action":"cancel","job_id":["job_01ARZ3NDEKTSV4RRFFQ69G5FAV"]}',
        '{"action":"authenticate","ticket":null}',
        '{"action":"ping"',
        "[" * 2000,
        b'{"action":"ping"}',
    ],
)
async def test_a_malformed_frame_is_answered_with_an_error(
    running: RunningGateway, writer: Writer, text: str | bytes
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        await client.socket.send(text)
        frame = await client.read()
        assert (frame["type"], frame["code"]) == ("error", "malformed_frame")
        assert await client.says_nothing_before_pong()


async def test_unknown_actions_are_answered_and_forgiven(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        for _ in range(8):
            await client.send({"action": "dance"})
            assert (await client.read())["code"] == "unknown_action"


async def test_the_fifth_malformed_frame_closes_the_socket(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        for _ in range(5):
            await client.socket.send("nonsense")
        assert await client.closed() == 4500
        assert [f["code"] for f in client.frames] == ["malformed_frame"] * 5


async def test_more_frames_than_the_bucket_holds_close_the_socket(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        for _ in range(40):
            await client.send({"action": "ping"})
        assert await client.closed() == 4429
        assert 20 <= len(client.frames) < 40


async def test_a_frame_larger_than_any_is_refused_by_the_protocol(
    running: RunningGateway, writer: Writer
) -> None:
    async with connected(running.port, writer.ticket(a_user())) as client:
        await client.socket.send("x" * (16 * 1024 + 1))
        assert await client.closed() == 1009


async def test_a_client_that_leaves_is_taken_off_the_map(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user)):
        assert writer.redis.keys("*conns*")
    await until(lambda: not writer.redis.keys("*conns*"))
    assert len(running.hub) == 0
