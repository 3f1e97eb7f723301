"""`worker.llm.openai_model` and `anthropic_model`: the official SDKs against every way to fail.

Each test runs for both, over a real socket: what a provider does wrong must come out as the error
that makes the worker do right.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import pytest

from prosa.conversation import FinishReason, Role, Usage
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer
from worker.llm.anthropic_model import AnthropicModel
from worker.llm.errors import (
    ContextTooLong,
    ModelError,
    ModelMisconfigured,
    ModelRateLimited,
    ModelRefused,
    ModelUnavailable,
    StreamCut,
)
from worker.llm.external import ProviderLimits
from worker.llm.model import Model, ModelRequest, StreamEnd, TextDelta, Turn
from worker.llm.openai_model import OpenAIModel

READ_TIMEOUT_S = 0.3
REQUEST = ModelRequest((Turn(Role.USER, "Who are you?"),), max_output_tokens=100)

MakeModel = Callable[..., Model]


@pytest.fixture(params=["openai", "anthropic"])
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def model(provider: str, llm: LlmServer) -> AsyncIterator[Model]:
    async def key() -> str:
        return "sk-test"

    limits = ProviderLimits(
        context_tokens=4_000, connect_timeout_s=1.0, read_timeout_s=READ_TIMEOUT_S
    )
    if provider == "openai":
        made: Model = OpenAIModel(
            "openai:test", base_url=llm.openai_base_url, fetch_key=key, limits=limits
        )
    else:
        made = AnthropicModel(
            "anthropic:test", base_url=llm.anthropic_base_url, fetch_key=key, limits=limits
        )
    yield made
    await made.aclose()


async def ask(model: Model, request: ModelRequest = REQUEST) -> tuple[str, StreamEnd | None]:
    text, end = "", None
    async with aclosing(model.stream(request)) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, TextDelta):
                text += chunk.text
            elif isinstance(chunk, StreamEnd):
                end = chunk
    return text, end


async def failure(model: Model) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask(model)
    return caught.value


async def test_an_answer_streams_to_its_end_with_its_usage(model: Model, llm: LlmServer) -> None:
    llm.script(Script(text="I am Prosa, ação!", piece_chars=1))

    text, end = await ask(model)

    assert text == "I am Prosa, ação!"
    assert end == StreamEnd(FinishReason.STOP, Usage(input_tokens=11, output_tokens=len(text)))


async def test_the_request_carries_turns_instructions_key_and_limit(
    model: Model, llm: LlmServer, provider: str
) -> None:
    turns = (
        Turn(Role.USER, "Hello"),
        Turn(Role.ASSISTANT, "Hi!"),
        Turn(Role.USER, "Who are you?"),
    )
    await ask(model, ModelRequest(turns, max_output_tokens=77, instructions="Be brief."))

    (request,) = llm.requests
    plain = [{"role": turn.role.value, "content": turn.content} for turn in turns]
    if provider == "openai":
        assert request.body["input"] == plain
        assert request.body["instructions"] == "Be brief."
        assert request.body["max_output_tokens"] == 77
        assert request.body["store"] is False
    else:
        assert request.body["messages"] == plain
        assert request.body["system"] == "Be brief."
        assert request.body["max_tokens"] == 77
    assert request.headers["authorization"] == "Bearer sk-test"


async def test_a_reply_that_reached_its_limit_says_so(
    model: Model, llm: LlmServer, provider: str
) -> None:
    llm.script(Script(end="max_output_tokens" if provider == "openai" else "max_tokens"))

    _, end = await ask(model)

    assert end is not None
    assert end.finish_reason is FinishReason.LENGTH


async def test_a_filtered_reply_is_refused(model: Model, llm: LlmServer, provider: str) -> None:
    llm.script(Script(end="content_filter" if provider == "openai" else "refusal"))

    assert type(await failure(model)) is ModelRefused


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.HANG, ModelUnavailable),
        (Fault.RESET, ModelUnavailable),
        (Fault.MID_HANG, ModelUnavailable),
        (Fault.MID_RESET, ModelUnavailable),
        (Fault.MID_CUT, StreamCut),
        (Fault.MID_ERROR, ModelUnavailable),
        (Fault.MID_GARBAGE, StreamCut),
        (Fault.FAILED, ModelUnavailable),
    ],
)
async def test_a_broken_stream_is_never_a_whole_reply(
    model: Model, llm: LlmServer, provider: str, fault: Fault, kind: type[ModelError]
) -> None:
    error = {"type": "overloaded_error", "code": "server_error", "message": "no"}
    if provider == "anthropic":
        del error["code"]
    llm.script(Script(fault=fault, error=error))

    error = await failure(model)

    assert type(error) is kind
    assert error.retryable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ModelError),
        (401, ModelMisconfigured),
        (402, ModelMisconfigured),
        (403, ModelMisconfigured),
        (404, ModelMisconfigured),
        (408, ModelUnavailable),
        (409, ModelUnavailable),
        (413, ContextTooLong),
        (422, ModelError),
        (429, ModelRateLimited),
        (500, ModelUnavailable),
        (502, ModelUnavailable),
        (503, ModelUnavailable),
        (504, ModelUnavailable),
        (529, ModelUnavailable),
    ],
)
async def test_a_status_means_one_error(
    model: Model, llm: LlmServer, status: int, kind: type[ModelError]
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=status, error={"message": "no"}))

    error = await failure(model)

    assert type(error) is kind
    assert len(llm.requests) == 1  # the SDK must not retry below us


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "86400"}, 60.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"}, None),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(
    model: Model, llm: LlmServer, headers: dict[str, str], wait: float | None
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=429, headers=headers, error={"message": "no"}))

    error = await failure(model)

    assert isinstance(error, ModelRateLimited)
    assert error.retry_after_s == wait


CODES: list[tuple[str, int, dict[str, Any], type[ModelError]]] = [
    ("openai", 429, {"code": "insufficient_quota"}, ModelMisconfigured),
    ("openai", 400, {"code": "context_length_exceeded"}, ContextTooLong),
    ("openai", 400, {"code": "content_policy_violation"}, ModelRefused),
    (
        "anthropic",
        429,
        {
            "type": "rate_limit_error",
            "details": {"error_code": "enforced_spend_limit_reached"},
        },
        ModelMisconfigured,
    ),
    ("anthropic", 402, {"type": "billing_error"}, ModelMisconfigured),
]


@pytest.mark.parametrize(("provider", "status", "error", "kind"), CODES, indirect=["provider"])
async def test_an_error_code_is_more_than_its_status(
    model: Model, llm: LlmServer, status: int, error: dict[str, Any], kind: type[ModelError]
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=status, error={"message": "no", **error}))

    assert type(await failure(model)) is kind


STREAM_ERRORS: list[tuple[str, dict[str, Any], type[ModelError]]] = [
    ("openai", {"code": "server_error"}, ModelUnavailable),
    ("openai", {"code": "rate_limit_exceeded"}, ModelRateLimited),
    ("openai", {"code": "invalid_prompt"}, ModelRefused),
    ("openai", {"code": "image_too_large"}, ModelError),
    ("anthropic", {"type": "overloaded_error"}, ModelUnavailable),
    ("anthropic", {"type": "api_error"}, ModelUnavailable),
    ("anthropic", {"type": "rate_limit_error"}, ModelRateLimited),
    ("anthropic", {"type": "invalid_request_error"}, ModelError),
]


@pytest.mark.parametrize("fault", [Fault.MID_ERROR, Fault.FAILED])
@pytest.mark.parametrize(("provider", "error", "kind"), STREAM_ERRORS, indirect=["provider"])
async def test_an_error_inside_a_stream_is_raised_by_what_it_says(
    model: Model, llm: LlmServer, fault: Fault, error: dict[str, Any], kind: type[ModelError]
) -> None:
    llm.script(Script(fault=fault, error={"message": "no", **error}))

    assert type(await failure(model)) is kind


async def test_closing_the_stream_closes_the_connection(model: Model, llm: LlmServer) -> None:
    llm.script(Script(text="x" * 400, hold_after=1))

    async with aclosing(model.stream(REQUEST)) as chunks:
        await anext(chunks)

    (request,) = llm.requests
    assert await asyncio.to_thread(request.ended.wait, 5.0)
    assert request.is_aborted


async def test_cancellation_passes_through(model: Model, llm: LlmServer) -> None:
    llm.script(Script(fault=Fault.HANG))
    asking = asyncio.create_task(ask(model))
    await asyncio.to_thread(llm.wait_for_requests, 1)

    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_an_unreachable_provider_is_unavailable(provider: str) -> None:
    async def key() -> str:
        return "sk-test"

    limits = ProviderLimits(context_tokens=4_000, connect_timeout_s=0.5, read_timeout_s=0.5)
    nowhere = "http://127.0.0.1:1"
    made: Model = (
        OpenAIModel("openai:test", base_url=nowhere, fetch_key=key, limits=limits)
        if provider == "openai"
        else AnthropicModel("anthropic:test", base_url=nowhere, fetch_key=key, limits=limits)
    )
    assert type(await failure(made)) is ModelUnavailable
    await made.aclose()
