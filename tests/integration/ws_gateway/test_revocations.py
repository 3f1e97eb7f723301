"""A session that is ended takes its sockets along, on every node, also those in between."""

from __future__ import annotations

import time
from typing import Any

from websockets.asyncio.client import connect

from prosa.socket_access.keys import CONTROL_CHANNEL, revoked_key
from prosa.socket_access.revocations import SessionsEnded, revoke_sessions
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
from ws_gateway.bootstrap import RunningGateway

SOON_S = 1.0


async def test_the_sockets_of_an_ended_session_are_closed_on_every_node(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    settings = short_settings(redis_url)
    async with (
        ready_gateway(settings) as one,
        ready_gateway(short_settings(redis_url)) as two,
        connected(one.port, writer.ticket(user, session_id="phone")) as here,
        connected(two.port, writer.ticket(user, session_id="phone")) as there,
        connected(one.port, writer.ticket(user, session_id="desk")) as other,
        connected(two.port, writer.ticket(a_user(), session_id="phone")) as stranger,
    ):
        began = time.monotonic()
        revoke_sessions(writer.redis, user, ["phone"])
        assert [await here.closed(), await there.closed()] == [4401, 4401]
        assert time.monotonic() - began < SOON_S
        assert await other.says_nothing_before_pong()
        assert await stranger.says_nothing_before_pong()


async def test_a_session_that_ends_while_its_socket_opens_is_closed_too(
    running: RunningGateway, writer: Writer
) -> None:
    """The node hears of it after Redis was asked: nothing is written that a ticket would find."""
    user = a_user()
    told = SessionsEnded(user_id=user, session_ids=("ses_1",)).model_dump_json()
    assert writer.redis.publish(CONTROL_CHANNEL, told) == 1
    ticket = writer.ticket(user, session_id="ses_2")
    async with connected(running.port, ticket) as witness:  # by now it was heard
        await witness.says_nothing_before_pong()
        assert await first_close(running, writer.ticket(user)) == 4401


async def test_what_a_broken_subscription_missed_is_asked_for(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user)) as client:
        writer.redis.hset(revoked_key(user), "ses_1", 1)  # told to nobody
        redis: Any = writer.redis
        redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: running.counts.subscriptions > 1)
        assert await client.closed() == 4401


async def test_an_ended_session_cannot_be_renewed_over_the_socket(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user, session_id="ses_1")) as client:
        ticket = writer.ticket(user, session_id="ses_2")
        revoke_sessions(writer.redis, user, ["ses_2"])
        await client.send({"action": "authenticate", "ticket": ticket})
        assert (await client.read_type("error"))["code"] == "ticket_invalid"


async def first_close(running: RunningGateway, ticket: str) -> int | None:

    async with connect(address(running.port, ticket)) as socket:
        return await Client(socket).closed()
