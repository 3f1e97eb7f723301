"""`worker.llm.retry`, `timeouts` and `fallback`: asked again, given up, taken over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from tenacity import Future, RetryCallState
from tenacity import Retrying as TenacityRetrying

from prosa.conversation import Role
from prosa.redis_client import connect
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer
from tests.unit.worker.models import LIMITS, REQUEST, a_provider, ask, ask_whom, guards
from worker.failures import failure_of
from worker.llm.chain import Chain, Guards
from worker.llm.errors import (
    ContextTooLong,
    ModelError,
    ModelRateLimited,
    ModelRefused,
    ModelsUnavailable,
    ModelUnavailable,
    StreamCut,
)
from worker.llm.external import LONGEST_RETRY_AFTER_S
from worker.llm.fitting import fitted
from worker.llm.model import Model, ModelRequest, TextDelta, Turn
from worker.llm.retry import RetryBudget, Retrying, RetryLimits

DOWN = Script(fault=Fault.STATUS, status=500)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


def chain(llm: LlmServer, guards: Guards, *names: str) -> Chain:
    return Chain([guards.around(a_provider(llm, f"openai:{name}")) for name in names])


def asked(llm: LlmServer) -> list[str]:
    """The models that were asked, in order."""
    return [request.body["model"] for request in llm.requests]


async def test_a_short_failure_is_asked_again_and_not_passed_on(
    llm: LlmServer, redis: Redis
) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.script(DOWN, DOWN, Script(text="third time"))
    assert await ask_whom(models.resolve(None)) == ("openai:a", "third time")
    assert asked(llm) == ["a", "a", "a"]
    await models.aclose()


async def test_the_next_model_answers_when_the_first_is_given_up(
    llm: LlmServer, redis: Redis
) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.script(DOWN, DOWN, DOWN, Script(text="I am b"))
    assert await ask_whom(models.resolve(None)) == ("openai:b", "I am b")
    assert asked(llm) == ["a", "a", "a", "b"]
    await models.aclose()


async def test_an_open_circuit_is_passed_over_without_a_call(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis, attempts=1), "a", "b")
    llm.script(*[script for _ in range(6) for script in (DOWN, Script())])
    for _ in range(6):
        await ask(models.resolve(None))
    llm.requests.clear()
    assert await ask_whom(models.resolve(None)) == ("openai:b", "You said: Who are you?")
    assert asked(llm) == ["b"]
    await models.aclose()


async def test_who_chose_gets_the_others_behind_the_choice(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis, attempts=1), "a", "b", "c")
    llm.default = DOWN
    with pytest.raises(ModelUnavailable):
        await ask(models.resolve("openai:b"))
    assert asked(llm) == ["b", "a", "c"]
    await models.aclose()


async def test_after_the_first_token_nobody_takes_over(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.script(Script(text="half of it", fault=Fault.MID_CUT))
    with pytest.raises(StreamCut):
        await ask(models.resolve(None))
    assert asked(llm) == ["a"]
    await models.aclose()


async def test_a_refused_prompt_is_not_taken_elsewhere(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.script(Script(fault=Fault.STATUS, status=400, error={"code": "content_policy_violation"}))
    with pytest.raises(ModelRefused):
        await ask(models.resolve(None))
    assert asked(llm) == ["a"]
    await models.aclose()


async def test_a_model_that_is_set_up_wrongly_is_passed_over(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.script(Script(fault=Fault.STATUS, status=401))
    assert (await ask_whom(models.resolve(None)))[0] == "openai:b"
    assert asked(llm) == ["a", "b"]
    await models.aclose()


async def test_when_all_circuits_are_open_the_failure_says_when(
    llm: LlmServer, redis: Redis
) -> None:
    limits = replace(LIMITS, reset_s=20.0)
    models = chain(llm, guards(redis, limits=limits, attempts=1), "a", "b")
    llm.default = DOWN
    for _ in range(6):
        with pytest.raises(ModelUnavailable):
            await ask(models.resolve(None))
    llm.requests.clear()
    with pytest.raises(ModelsUnavailable) as caught:
        await ask(models.resolve(None))

    assert llm.requests == []
    assert not caught.value.retryable  # by the queue
    failure = failure_of(caught.value)
    assert (failure.code, failure.retryable) == ("models_unavailable", True)
    assert failure.retry_after_s is not None
    assert 15 <= failure.retry_after_s <= 20
    await models.aclose()


async def test_closing_the_reply_closes_the_providers_stream(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a")
    llm.script(Script(text="word " * 10, hold_after=2))
    async with aclosing(models.resolve(None).stream(REQUEST)) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, TextDelta):
                break
    (request,) = llm.requests
    assert await asyncio.to_thread(request.ended.wait, 5)
    assert request.is_aborted
    await models.aclose()


async def test_cancelling_before_the_first_token_asks_nobody_else(
    llm: LlmServer, redis: Redis
) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.default = Script(fault=Fault.HANG)
    asking = asyncio.create_task(ask(models.resolve(None)))
    (request,) = await asyncio.to_thread(llm.wait_for_requests, 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert await asyncio.to_thread(request.ended.wait, 5)
    assert asked(llm) == ["a"]
    await models.aclose()


@pytest.mark.parametrize(
    ("script", "calls"),
    [(Script(hold_after=0), 2), (Script(text="x" * 40, hold_after=2), 1)],
    ids=["before its first token", "in its reply"],
)
async def test_a_silent_model_is_given_up(
    llm: LlmServer, redis: Redis, script: Script, calls: int
) -> None:
    models = chain(llm, guards(redis, attempts=2, first_token_s=0.3, idle_s=0.2), "a")
    llm.default = script
    with pytest.raises(ModelUnavailable, match="silent"):
        await ask(models.resolve(None))
    assert len(llm.requests) == calls
    for request in llm.requests:
        assert await asyncio.to_thread(request.ended.wait, 5)
        assert request.is_aborted
    await models.aclose()


async def test_a_provider_that_names_a_time_is_asked_after_it(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a")
    limited = Script(
        fault=Fault.STATUS, status=429, error={"message": "slow"}, headers={"retry-after": "1"}
    )
    llm.script(limited, Script(text="now"))
    began = time.monotonic()
    assert await ask(models.resolve(None)) == "now"
    assert 1.0 <= time.monotonic() - began < 5
    await models.aclose()


@pytest.mark.parametrize("wish_s", [59.9, 3600.0])
def test_a_wish_is_capped(llm: LlmServer, wish_s: float) -> None:
    limits = RetryLimits(attempts=3, backoff_s=5.0, longest_wish_s=2.0)
    model = Retrying(a_provider(llm), limits, RetryBudget(ratio=0.1, reserve=3))
    state = RetryCallState(TenacityRetrying(), fn=None, args=(), kwargs={})
    state.outcome = Future(1)
    state.outcome.set_exception(ModelRateLimited("openai:test", "slow", retry_after_s=wish_s))
    waits = [
        model._wait_s(state)  # pyright: ignore[reportPrivateUsage]
        for _ in range(50)
    ]
    assert all(59.9 <= wait <= LONGEST_RETRY_AFTER_S for wait in waits)


async def test_when_everything_fails_retries_add_a_tenth(llm: LlmServer, redis: Redis) -> None:
    limits = replace(LIMITS, max_failures=10_000)
    models = chain(llm, guards(redis, limits=limits, attempts=3, reserve=2.0), "a")
    llm.default = DOWN
    for _ in range(100):
        with pytest.raises(ModelUnavailable):
            await ask(models.resolve(None))
    assert 108 <= len(llm.requests) <= 112  # 100, a tenth, and the reserve of 2
    await models.aclose()


async def test_without_a_budget_the_same_failures_cost_three_times(
    llm: LlmServer, redis: Redis
) -> None:
    limits = replace(LIMITS, max_failures=10_000)
    models = chain(llm, guards(redis, limits=limits, attempts=3, reserve=1_000.0), "a")
    llm.default = DOWN
    for _ in range(10):
        with pytest.raises(ModelUnavailable):
            await ask(models.resolve(None))
    assert len(llm.requests) == 30
    await models.aclose()


class Small:
    """The measure of a small model."""

    model_id = "local:prosa-tiny"
    context_tokens = 60

    def count_tokens(self, text: str) -> int:
        return len(text.split())


def conversation(question: str) -> ModelRequest:
    turns = (
        Turn(Role.USER, "old " * 10),
        Turn(Role.ASSISTANT, "older " * 4),
        Turn(Role.USER, question),
    )
    return ModelRequest(turns, max_output_tokens=100, instructions="Be brief.")


def test_a_request_is_made_to_fit_the_model_that_takes_over() -> None:
    small: Model = Small()  # pyright: ignore[reportAssignmentType]
    request = fitted(conversation("new " * 5), small)
    assert [turn.content.strip() for turn in request.turns] == ["new new new new new"]
    assert request.max_output_tokens == 30
    assert request.instructions is None
    with pytest.raises(ContextTooLong):
        fitted(conversation("new " * 50), small)


async def test_a_smaller_model_that_cannot_take_the_question_hides_no_failure(
    llm: LlmServer, redis: Redis
) -> None:
    first = guards(redis, attempts=1).around(a_provider(llm, "openai:a"))
    models = Chain([first, Small()])  # pyright: ignore[reportArgumentType]
    llm.default = DOWN
    with pytest.raises(ModelError) as caught:
        await ask(models.resolve(None), conversation("new " * 50))
    assert type(caught.value) is ModelUnavailable
    await first.aclose()


def limited(wish_s: int) -> Script:
    headers = {"retry-after": str(wish_s)}
    return Script(fault=Fault.STATUS, status=429, error={"message": "slow"}, headers=headers)


async def test_a_long_wish_is_not_waited_out(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a")
    llm.script(limited(30), Script(text="too soon"))
    with pytest.raises(ModelRateLimited) as caught:
        async with asyncio.timeout(5):
            await ask(models.resolve(None))
    assert caught.value.retry_after_s == 30
    assert asked(llm) == ["a"]
    await models.aclose()


async def test_after_a_long_wish_the_next_model_answers(llm: LlmServer, redis: Redis) -> None:
    models = chain(llm, guards(redis), "a", "b")
    llm.script(limited(30), Script(text="I am b"))
    async with asyncio.timeout(5):
        assert await ask_whom(models.resolve(None)) == ("openai:b", "I am b")
    assert asked(llm) == ["a", "b"]
    await models.aclose()


async def test_a_chain_waits_no_longer_than_its_quickest_model(
    llm: LlmServer, redis: Redis
) -> None:
    models = chain(llm, guards(redis, attempts=1), "a", "b", "c")
    llm.script(limited(60), limited(20), limited(40))
    with pytest.raises(ModelRateLimited) as caught:
        await ask(models.resolve(None))
    assert (caught.value.model_id, caught.value.retry_after_s) == ("openai:b", 20)

    llm.script(limited(60), DOWN, limited(20))
    with pytest.raises(ModelUnavailable) as passing:
        await ask(models.resolve(None))
    assert passing.value.model_id == "openai:b"
    await models.aclose()


def refusals(model_id: str) -> float:
    name = "prosa_worker_breaker_refusals_total"
    return REGISTRY.get_sample_value(name, {"model": model_id}) or 0.0


async def test_a_circuit_that_opens_ends_the_tries_that_wait(llm: LlmServer, redis: Redis) -> None:
    """They learn of it when they ask to go out again, and no call is made."""
    limits = replace(LIMITS, max_failures=0, reset_s=20.0)
    waiting = chain(llm, guards(redis, limits=limits), "a")
    llm.answer("Who are you?", limited(1), Script(text="must not be asked"))
    asking = asyncio.create_task(ask(waiting.resolve(None)))
    await asyncio.to_thread(llm.wait_for_requests, 1)
    # Another worker finds the provider down.
    other = chain(llm, guards(redis, limits=limits, attempts=1), "a")
    llm.answer("Who else?", DOWN)
    with pytest.raises(ModelUnavailable):
        await ask(other.resolve(None), ModelRequest((Turn(Role.USER, "Who else?"),), 100))
    refused = refusals("openai:a")
    with pytest.raises(ModelsUnavailable):
        await asking
    assert refusals("openai:a") == refused + 1
    assert len(llm.requests) == 2
    await waiting.aclose()
    await other.aclose()
