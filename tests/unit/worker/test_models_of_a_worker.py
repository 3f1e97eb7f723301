"""`worker.llm.catalogue`, `chain`, `instructions`, `external` and `worker.settings`."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosa.errors import SettingsError, Unavailable
from prosa.parameters import Parameters
from tests.llm_server.server import LlmServer
from worker.failures import failure_of
from worker.llm import errors
from worker.llm.catalogue import Providers, load_models
from worker.llm.chain import Chain
from worker.llm.errors import ModelError, ModelMisconfigured, ModelUnavailable
from worker.llm.external import ProviderLimits, estimate_tokens, key_fetcher
from worker.llm.instructions import INSTRUCTIONS, instructions_for
from worker.settings import WorkerSettings

REQUIRED = {
    "PROSA_TABLE": "t",
    "PROSA_BUCKET": "b",
    "PROSA_QUEUE_URL": "q",
    "PROSA_DEAD_LETTER_QUEUE_URL": "d",
}


class Keys(Parameters):
    """Parameter Store with one value, or one error."""

    def __init__(self, value: str | Exception) -> None:
        self._value = value

    def get(self, name: str) -> str:
        assert name == "openai-api-key"
        if isinstance(self._value, Exception):
            raise self._value
        return self._value


@pytest.fixture
def providers(llm: LlmServer) -> Providers:
    return Providers(
        parameters=Keys("sk-test"),
        openai_base_url=llm.openai_base_url,
        anthropic_base_url=llm.anthropic_base_url,
        limits=ProviderLimits(context_tokens=4_000, connect_timeout_s=1, read_timeout_s=1),
        local_max_requests=1,
    )


async def test_models_are_made_by_their_provider(providers: Providers) -> None:
    chain = Chain(await load_models(["openai:a", "anthropic:b"], providers))

    assert chain.resolve(None).model_id == "openai:a"
    assert chain.resolve("anthropic:b").model_id == "anthropic:b"
    assert chain.resolve("openai:retired").model_id == "openai:a"
    await chain.aclose()


@pytest.mark.parametrize("model_id", ["gpt-5", "azure:gpt-5", "openai:", ""])
async def test_a_model_of_nobody_is_a_wrong_setting(providers: Providers, model_id: str) -> None:
    with pytest.raises(SettingsError) as caught:
        await load_models([model_id], providers)

    assert caught.value.variable == "PROSA_MODELS"


def test_a_chain_needs_a_model() -> None:
    with pytest.raises(ValueError, match="needs a model"):
        Chain([])


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (SettingsError("/prosa/x/openai-api-key", "there is none"), ModelMisconfigured),
        (Unavailable("SSM is away."), ModelUnavailable),
    ],
)
async def test_a_key_that_cannot_be_read_is_a_model_error(
    problem: Exception, kind: type[ModelError]
) -> None:
    fetch = key_fetcher(Keys(problem), "openai-api-key", model_id="openai:a")
    with pytest.raises(ModelError) as caught:
        await fetch()

    assert type(caught.value) is kind


def test_importing_the_paid_models_imports_no_torch() -> None:
    code = (
        "import sys, worker.bootstrap, worker.llm.openai_model, worker.llm.anthropic_model;"
        "sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_small_model_is_given_no_instructions() -> None:
    assert instructions_for("local:prosa-tiny") is None
    assert instructions_for("openai:any") == INSTRUCTIONS


@given(st.text())
def test_an_estimate_of_tokens_is_never_below_a_quarter_of_the_characters(text: str) -> None:
    assert estimate_tokens(text) * 4 >= len(text)


def test_every_model_error_has_words_for_the_user() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, ModelError)]
    assert len(kinds) >= 7
    for kind in kinds:
        failure = failure_of(kind("openai:secret-name", "sk-secret detail"))
        assert failure.code == kind.code
        assert "secret" not in failure.detail
        assert failure.detail.endswith(".")


def test_settings_have_defaults_for_all_but_the_places() -> None:
    settings = WorkerSettings.from_environ(REQUIRED)

    assert settings.models == ("local:prosa-tiny",)
    assert settings.worker_concurrency == 16
    assert settings.worker_heartbeat_s * 2 < settings.worker_visibility_s
    assert settings.worker_poll_wait_s < settings.worker_stop_timeout_s


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PROSA_TABLE", ""),
        ("PROSA_WORKER_CONCURRENCY", "0"),
        ("PROSA_WORKER_POLL_WAIT_S", "20"),  # longer than the client waits for an answer
        ("PROSA_WORKER_HEALTH_PORT", "eighty"),
    ],
)
def test_a_wrong_setting_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        WorkerSettings.from_environ({**REQUIRED, variable: value})

    assert caught.value.variable == variable
