"""While no model may be asked, nothing is promised: 503 at the door, nothing stored or queued."""

from __future__ import annotations

import asyncio

import pytest

from prosa.breakers.circuits import SharedBreakers
from prosa.breakers.protocol import BreakerLimits, Outcome, breaker_key
from prosa.redis_client import connect, connect_blocking
from tests.integration.lambdas.conftest import MODELS, Edge
from tests.integration.lambdas.gateway import a_caller
from tests.integration.lambdas.messages import ask_again, send

RESET_S = 20.0


def open_circuits(redis_url: str, *model_ids: str) -> None:
    """Do the workers' part: six failures of each model."""
    limits = BreakerLimits(max_failures=5, window_s=10.0, reset_s=RESET_S, probe_lease_s=30.0)

    async def fail() -> None:
        redis = connect(redis_url)
        shared = SharedBreakers(redis, limits)
        for model_id in model_ids:
            for number in range(6):
                await shared.report(model_id, f"{number}", 0, Outcome.FAILED)
        await redis.aclose()

    asyncio.run(fail())


def let_their_time_be_over(redis_url: str, *model_ids: str) -> None:
    redis = connect_blocking(redis_url)
    for model_id in model_ids:
        redis.hset(breaker_key(model_id), "until", 0)
    redis.close()


def test_while_all_circuits_are_open_a_message_is_refused(edge: Edge, redis_url: str) -> None:
    caller = a_caller()
    open_circuits(redis_url, *MODELS.split(","))
    items = edge.items()
    answer = send(caller)

    assert (answer.status, answer.code) == (503, "models_unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert RESET_S - 5 <= int(answer.headers["retry-after"]) <= RESET_S
    assert edge.items() == items
    assert edge.is_queue_empty()


def test_so_is_the_wish_for_another_reply(edge: Edge, redis_url: str) -> None:
    caller = a_caller()
    message_id = send(caller).json["message_id"]
    edge.queued()
    open_circuits(redis_url, *MODELS.split(","))
    items = edge.items()
    answer = ask_again(caller, message_id)

    assert (answer.status, answer.code) == (503, "models_unavailable")
    assert edge.items() == items
    assert edge.is_queue_empty()


def test_a_refused_message_is_not_counted(edge: Edge, redis_url: str) -> None:
    edge.set(rate_messages="1/minute")
    caller = a_caller()
    open_circuits(redis_url, *MODELS.split(","))
    assert send(caller).status == 503
    # When its time is over somebody must get in, or nobody would ever try a model out.
    let_their_time_be_over(redis_url, *MODELS.split(","))
    assert send(caller).status == 202


@pytest.mark.usefixtures("edge")
def test_one_model_is_enough_whichever_was_chosen(redis_url: str) -> None:
    open_circuits(redis_url, "openai:gpt-5-mini")
    assert send(a_caller(), model="openai:gpt-5-mini").status == 202


@pytest.mark.usefixtures("edge")
def test_what_was_promised_before_is_still_answered(redis_url: str) -> None:
    caller = a_caller()
    first = send(caller)
    open_circuits(redis_url, *MODELS.split(","))
    assert send(caller).json == first.json
