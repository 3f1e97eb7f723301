"""Tickets: one socket each, also when an answer is lost; and sessions that were ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from prosa.clock import utc_now
from prosa.errors import SessionRevoked
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.cursor import Cursor
from prosa.event_log.protocol import HistoryLost, Range
from prosa.ids import UserId, new_connection_id, new_user_id
from prosa.redis_client import connect, connect_blocking
from prosa.socket_access.admission import Entrance, SocketAccess
from prosa.socket_access.revocations import revoke_sessions, which_are_revoked
from prosa.socket_access.tickets import TICKET_TTL_S, TicketHolder, issue_ticket

USER = UserId("usr_00000000000000000000000001")
HOLDER = TicketHolder(USER, "session-1", utc_now() + timedelta(minutes=15))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def access(redis: Any) -> SocketAccess:
    return SocketAccess(redis, node="gw-1", lease_s=45, session_grace_s=30)


@pytest.fixture
def lambdas(redis_url: str) -> Iterator[Any]:
    """The client of those who issue tickets and end sessions."""
    with connect_blocking(redis_url) as client:
        yield client


def entrance(ticket: str, *, after: Cursor | None = None) -> Entrance:
    return Entrance(ticket, new_connection_id(), after)


async def test_a_ticket_admits_its_holder(access: SocketAccess, lambdas: Any) -> None:
    (appended,) = BlockingEventLog(lambdas).append(HOLDER.user_id, ['{"n":1}'])
    admitted = await access.admit(entrance(issue_ticket(lambdas, HOLDER)), events=10)
    assert admitted is not None
    assert admitted.holder == HOLDER
    assert admitted.log == Range((), cast(Cursor, appended.cursor))


async def test_who_comes_back_is_read_what_it_missed(access: SocketAccess, lambdas: Any) -> None:
    log = BlockingEventLog(lambdas)
    (first, *_) = log.append(HOLDER.user_id, ['{"n":1}', '{"n":2}', '{"n":3}'])
    back = entrance(issue_ticket(lambdas, HOLDER), after=first.cursor)
    admitted = await access.admit(back, events=1)
    assert admitted is not None
    assert isinstance(admitted.log, Range)
    assert [entry.payload for entry in admitted.log.entries] == ['{"n":2}']
    assert admitted.log.head.seq == 3


async def test_who_has_a_place_in_another_life_of_the_log_is_told(
    access: SocketAccess, lambdas: Any
) -> None:
    back = entrance(issue_ticket(lambdas, HOLDER), after=Cursor("00000000abcd", 7))
    admitted = await access.admit(back, events=10)
    assert admitted is not None
    assert isinstance(admitted.log, HistoryLost)
    assert admitted.log.reason == "epoch_changed"


async def test_what_is_appended_next_wakes_the_node(access: SocketAccess, lambdas: Any) -> None:
    await access.admit(entrance(issue_ticket(lambdas, HOLDER)), events=10)
    (appended,) = BlockingEventLog(lambdas).append(HOLDER.user_id, ['{"n":1}'])
    assert appended.nodes == ("gw-1",)


async def test_of_fifty_who_race_one_wins(access: SocketAccess, lambdas: Any) -> None:
    ticket = issue_ticket(lambdas, HOLDER)
    race = [access.admit(entrance(ticket), events=1) for _ in range(25)]
    renewals = [access.redeem(ticket, redeemer=str(n)) for n in range(25, 50)]
    answers = await asyncio.gather(*race, *renewals)
    assert len([answer for answer in answers if answer]) == 1


async def test_whose_answer_was_lost_may_ask_again(access: SocketAccess, lambdas: Any) -> None:
    asked = entrance(issue_ticket(lambdas, HOLDER))
    first = await access.admit(asked, events=1)
    again = await access.admit(asked, events=1)
    assert first == again
    assert first is not None


@pytest.mark.parametrize(
    "ticket", ["invented", "", ".", f"{HOLDER.user_id}.invented", HOLDER.user_id, "x" * 500]
)
async def test_an_invented_ticket_admits_nobody_and_leaves_nothing(
    access: SocketAccess, redis: Any, ticket: str
) -> None:
    assert await access.admit(entrance(ticket), events=1) is None
    assert await access.redeem(ticket, redeemer="a") is None
    assert [key async for key in redis.scan_iter()] == []


async def test_a_ticket_says_nothing_under_the_name_of_another(
    access: SocketAccess, lambdas: Any
) -> None:
    _, _, secret = issue_ticket(lambdas, HOLDER).partition(".")
    assert await access.admit(entrance(f"{new_user_id()}.{secret}"), events=1) is None


async def test_a_session_that_is_over_opens_nothing_but_within_its_grace(
    access: SocketAccess, lambdas: Any
) -> None:
    just_over = replace(HOLDER, session_ends_at=utc_now() - timedelta(seconds=20))
    long_over = replace(HOLDER, session_ends_at=utc_now() - timedelta(seconds=40))
    assert await access.redeem(issue_ticket(lambdas, just_over), redeemer="a") is not None
    assert await access.redeem(issue_ticket(lambdas, long_over), redeemer="a") is None


async def test_a_session_that_was_ended_opens_nothing(access: SocketAccess, lambdas: Any) -> None:
    ticket = issue_ticket(lambdas, HOLDER)
    revoke_sessions(lambdas, HOLDER.user_id, [HOLDER.session_id])
    assert await access.admit(entrance(ticket), events=1) is None
    assert await access.redeem(ticket, redeemer="a") is None
    with pytest.raises(SessionRevoked):
        issue_ticket(lambdas, HOLDER)


async def test_other_sessions_of_the_user_go_on(
    access: SocketAccess, lambdas: Any, redis: Any
) -> None:
    other = replace(HOLDER, session_id="session-2")
    revoke_sessions(lambdas, HOLDER.user_id, [HOLDER.session_id])
    assert await access.admit(entrance(issue_ticket(lambdas, other)), events=1) is not None
    asked = [(h.user_id, h.session_id) for h in (HOLDER, other)]
    assert await which_are_revoked(redis, asked) == [True, False]


async def test_redis_holds_only_the_hash_and_not_for_long(redis: Any, lambdas: Any) -> None:
    ticket = issue_ticket(lambdas, HOLDER)
    [key] = [key async for key in redis.scan_iter()]
    assert ticket.partition(".")[2] not in key
    assert 0 < await redis.ttl(key) <= TICKET_TTL_S
