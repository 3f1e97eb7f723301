"""Tickets: one socket each, also when an answer is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from prosa.clock import utc_now
from prosa.ids import new_user_id
from prosa.redis_client import connect, connect_blocking
from prosa.tickets import TICKET_TTL_S, TicketHolder, issue_ticket, redeem_ticket

HOLDER = TicketHolder(new_user_id(), "session-1", utc_now())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Any]:
    client = connect(redis_url)
    yield client
    await client.aclose()


async def test_a_ticket_names_its_holder(redis: Any, redis_url: str) -> None:
    ticket = issue_ticket(connect_blocking(redis_url), HOLDER)
    assert await redeem_ticket(redis, ticket, redeemer="a") == HOLDER


async def test_of_fifty_redeemers_one_wins(redis: Any, redis_url: str) -> None:
    ticket = issue_ticket(connect_blocking(redis_url), HOLDER)
    answers = await asyncio.gather(
        *(redeem_ticket(redis, ticket, redeemer=str(n)) for n in range(50))
    )
    assert [a for a in answers if a] == [HOLDER]


async def test_whose_answer_was_lost_may_ask_again(redis: Any, redis_url: str) -> None:
    ticket = issue_ticket(connect_blocking(redis_url), HOLDER)
    first = await redeem_ticket(redis, ticket, redeemer="a")
    again = await redeem_ticket(redis, ticket, redeemer="a")
    assert first == again == HOLDER


async def test_an_invented_ticket_is_none(redis: Any) -> None:
    assert await redeem_ticket(redis, "invented", redeemer="a") is None


async def test_redis_holds_only_the_hash_and_not_for_long(redis: Any, redis_url: str) -> None:
    ticket = issue_ticket(connect_blocking(redis_url), HOLDER)
    [key] = [key async for key in redis.scan_iter()]
    assert ticket not in key
    assert 0 < await redis.ttl(key) <= TICKET_TTL_S
