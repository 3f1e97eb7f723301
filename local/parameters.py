"""The values of the stack's SSM parameters: settings of this run, and secrets that are made once.

Called by `stack` between provisioning and the deploy, which reads them by `${ssm:...}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from infra.new_secrets import refresh_token_key, signing_key
from local.provision import Provisioned, Provisioner

API_KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""Provider of a paid model to the variable of the developer's shell that holds its key."""


class MissingApiKey(Exception):
    """A model of the chain needs a key that is neither in the environment nor stored."""

    def __init__(self, *, model: str, variable: str) -> None:
        self.model = model
        self.variable = variable
        super().__init__(
            f"The model {model} needs an API key. Set it for this run: "
            f"{variable}=... make run MODEL={model}"
        )


def put_parameters(
    provisioner: Provisioner,
    provisioned: Provisioned,
    *,
    models: str,
    redis_url: str,
    ws_url: str,
    allowed_origins: str,
    environ: Mapping[str, str],
) -> None:
    """Store every parameter of the stage; secrets that are there stay. Raises MissingApiKey."""
    prefix = provisioned.parameters
    stored = provisioner.parameter_values(provisioned.stage)
    values = {
        f"{prefix}/queue-url": provisioned.queue_url,
        f"{prefix}/dead-letter-queue-url": provisioned.dead_letter_queue_url,
        f"{prefix}/table-name": provisioned.table,
        f"{prefix}/bucket-name": provisioned.bucket,
        f"{prefix}/redis-url": redis_url,
        f"{prefix}/ws-url": ws_url,
        f"{prefix}/allowed-origins": allowed_origins,
        f"{prefix}/models": models,
    }
    values |= _api_keys(prefix, models=models, stored=stored, environ=environ)
    if f"{prefix}/jwt/private-key" not in stored:
        values |= {f"{prefix}/{name}": value for name, value in signing_key().items()}
    if f"{prefix}/refresh-token-key" not in stored:
        values |= {f"{prefix}/{name}": value for name, value in refresh_token_key().items()}
    provisioner.put_parameters(provisioned.stage, values)


def _api_keys(
    prefix: str, *, models: str, stored: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str]:
    given = {
        f"{prefix}/{provider}-api-key": environ[variable]
        for provider, variable in API_KEYS.items()
        if environ.get(variable)
    }
    for model in models.split(","):
        provider = model.strip().partition(":")[0]
        name = f"{prefix}/{provider}-api-key"
        if provider in API_KEYS and name not in given and name not in stored:
            raise MissingApiKey(model=model.strip(), variable=API_KEYS[provider])
    return given
