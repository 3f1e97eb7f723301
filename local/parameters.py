"""The values of the stack's SSM parameters: settings of this run, and secrets that are made once.

Called by `stack` between provisioning and the deploy, which reads them by `${ssm:...}`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
        values |= _signing_key(prefix)
    if f"{prefix}/refresh-token-key" not in stored:
        values[f"{prefix}/refresh-token-key"] = base64.b64encode(secrets.token_bytes(32)).decode()
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


def _signing_key(prefix: str) -> dict[str, str]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key_id = _key_id(public.public_bytes_raw())
    return {
        f"{prefix}/jwt/private-key": private_pem.decode(),
        f"{prefix}/jwt/public-keys": json.dumps({key_id: public_pem.decode()}),
    }


def _key_id(public_key: bytes) -> str:
    """Name a key by the RFC 7638 thumbprint of its JWK (RFC 8037 section 2)."""
    x = base64.urlsafe_b64encode(public_key).rstrip(b"=").decode()
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()
