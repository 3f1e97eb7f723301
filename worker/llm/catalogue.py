"""Makes the models that `PROSA_MODELS` names: `provider:name` to a ready model.

Each provider's SDK is imported only when one of its models is named: a worker of paid models needs
no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prosa.errors import SettingsError
from prosa.parameters import ANTHROPIC_API_KEY, OPENAI_API_KEY, Parameters
from worker.llm.external import ProviderLimits, key_fetcher
from worker.llm.model import Model


@dataclass(frozen=True, kw_only=True)
class Providers:
    """What the providers need to be reached."""

    parameters: Parameters
    openai_base_url: str
    anthropic_base_url: str
    limits: ProviderLimits
    local_max_requests: int
    """Replies a local model writes at once; it takes memory for all of them at the start."""


async def load_models(model_ids: Sequence[str], providers: Providers) -> list[Model]:
    """Make the models, in order.

    Raises SettingsError for a provider nobody knows, ModelMisconfigured when a local model cannot
    be loaded. Keys of paid models are read when first needed.
    """
    return [await _load(model_id, providers) for model_id in model_ids]


async def _load(model_id: str, providers: Providers) -> Model:
    provider, _, name = model_id.partition(":")
    if provider not in ("local", "openai", "anthropic") or not name:
        raise SettingsError(
            "PROSA_MODELS", f"{model_id!r} is none of local:, openai: or anthropic:<name>"
        )
    if provider == "openai":
        return _openai(model_id, providers)
    if provider == "anthropic":
        return _anthropic(model_id, providers)
    return await _local(model_id, providers)


def _openai(model_id: str, providers: Providers) -> Model:
    from worker.llm.openai_model import OpenAIModel

    return OpenAIModel(
        model_id,
        base_url=providers.openai_base_url,
        fetch_key=key_fetcher(providers.parameters, OPENAI_API_KEY, model_id=model_id),
        limits=providers.limits,
    )


def _anthropic(model_id: str, providers: Providers) -> Model:
    from worker.llm.anthropic_model import AnthropicModel

    return AnthropicModel(
        model_id,
        base_url=providers.anthropic_base_url,
        fetch_key=key_fetcher(providers.parameters, ANTHROPIC_API_KEY, model_id=model_id),
        limits=providers.limits,
    )


async def _local(model_id: str, providers: Providers) -> Model:
    from worker.llm.local import LocalModel

    return await LocalModel.load(model_id, max_requests=providers.local_max_requests)
