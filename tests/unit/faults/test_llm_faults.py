"""The ten faults of models: the same for the same seed, each a failure to the real SDKs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from prosa.conversation import Role
from tests.faults.answers import numbered_answers
from tests.faults.llm_faults import (
    ANTHROPIC_PATH,
    OPENAI_PATH,
    FaultyModels,
    LlmFault,
    ruined,
)
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer, Request, llm_server
from worker.llm.anthropic_model import AnthropicModel
from worker.llm.errors import ModelRateLimited, ModelUnavailable
from worker.llm.external import ProviderLimits
from worker.llm.model import Model, ModelRequest, TextDelta, Turn
from worker.llm.openai_model import OpenAIModel

LIMITS = ProviderLimits(context_tokens=1000, connect_timeout_s=1, read_timeout_s=0.3)
BEFORE = {
    LlmFault.INTERNAL,
    LlmFault.OVERLOADED,
    LlmFault.RATE_LIMITED,
    LlmFault.HANG,
    LlmFault.RESET,
}


@pytest.fixture(scope="module")
def server() -> Iterator[LlmServer]:
    with llm_server() as server:
        yield server


def _request(path: str) -> Request:
    return Request(path, {}, {}, "?")


def _models(seed: int, **options: Any) -> FaultyModels:
    return FaultyModels(seed, answers=numbered_answers(), **options)


def _fates(seed: int, *, openai_first: int) -> list[tuple[Fault, int]]:
    models = _models(seed, rate=0.5)
    for _ in range(openai_first):
        models(_request(OPENAI_PATH))
    scripts = [models(_request(ANTHROPIC_PATH)) for _ in range(100)]
    return [(script.fault, script.status) for script in scripts]


def test_a_seed_decides_whatever_the_other_wire_does() -> None:
    assert _fates(1, openai_first=0) == _fates(1, openai_first=9)
    assert _fates(1, openai_first=0) != _fates(2, openai_first=0)


def test_no_kind_is_rare_and_answers_are_numbered() -> None:
    heard: list[str] = []

    def record(kind: str, **fields: object) -> None:
        heard.append(kind)
        assert fields["path"] == OPENAI_PATH

    models = _models(3, rate=0.5, record=record)
    texts = [models(_request(OPENAI_PATH)).text for _ in range(400)]
    assert len(set(texts)) == 400
    assert set(models.faults) == set(LlmFault)
    assert max(models.faults.values()) - min(models.faults.values()) <= 1
    assert len(heard) == models.faults.total()
    assert 150 < len(heard) < 250


def test_who_is_down_answers_nobody() -> None:
    models = _models(1)
    models.down = frozenset({OPENAI_PATH})
    assert {models(_request(OPENAI_PATH)).fault for _ in range(9)} == {Fault.STATUS}
    assert {models(_request(ANTHROPIC_PATH)).fault for _ in range(9)} == {Fault.NONE}


async def _key() -> str:
    return "sk-test"


def _model(server: LlmServer, *, is_anthropic: bool) -> Model:
    if is_anthropic:
        return AnthropicModel("anthropic:test", base_url=server.url, fetch_key=_key, limits=LIMITS)
    return OpenAIModel(
        "openai:test", base_url=server.openai_base_url, fetch_key=_key, limits=LIMITS
    )


@pytest.mark.parametrize("is_anthropic", [False, True], ids=["openai", "anthropic"])
@pytest.mark.parametrize("fault", list(LlmFault))
async def test_each_fault_is_a_failure_that_may_pass(
    server: LlmServer, fault: LlmFault, *, is_anthropic: bool
) -> None:
    whole = Script(text="call 1: not to its end, whatever happens.")
    server.script(ruined(whole, fault, is_anthropic=is_anthropic, chance=random.Random(1)))
    model = _model(server, is_anthropic=is_anthropic)
    heard: list[str] = []
    with pytest.raises(ModelUnavailable) as failure:
        await _hear(model, heard)
    await model.aclose()
    assert isinstance(failure.value, ModelRateLimited) is (fault is LlmFault.RATE_LIMITED)
    assert (not heard) is (fault in BEFORE)
    assert heard == whole.pieces("")[: len(heard)] != whole.pieces("")


async def _hear(model: Model, heard: list[str]) -> None:
    request = ModelRequest((Turn(Role.USER, "?"),), max_output_tokens=100)
    async for chunk in model.stream(request):
        if isinstance(chunk, TextDelta):
            heard.append(chunk.text)  # noqa: PERF401 - kept when the stream fails
