"""Fresh secrets of a stage: the key that signs access tokens, the key of refresh tokens.

`local` makes them for the stack on a laptop, `infra.put_secrets` for a stage in the cloud.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prosa.parameters import JWT_PRIVATE_KEY, JWT_PUBLIC_KEYS, REFRESH_TOKEN_KEY


def signing_key() -> dict[str, str]:
    """Make an Ed25519 key: the private half as PEM, the public half as a JSON object by key id.

    Keys of the answer are names of parameters, below the stage's prefix.
    """
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
        JWT_PRIVATE_KEY: private_pem.decode(),
        JWT_PUBLIC_KEYS: json.dumps({key_id: public_pem.decode()}),
    }


def refresh_token_key() -> dict[str, str]:
    """Make the 32 random bytes refresh tokens are computed with, as base64."""
    return {REFRESH_TOKEN_KEY: base64.b64encode(secrets.token_bytes(32)).decode()}


def _key_id(public_key: bytes) -> str:
    """Name a key by the RFC 7638 thumbprint of its JWK (RFC 8037 section 2)."""
    x = base64.urlsafe_b64encode(public_key).rstrip(b"=").decode()
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()
