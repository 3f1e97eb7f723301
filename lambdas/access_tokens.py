"""Access tokens with the stage's keys from SSM: the authorizer verifies them, `auth` signs, too."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from prosa.claims import AccessClaims
from prosa.errors import SettingsError, TokenInvalid, Unauthenticated
from prosa.ids import UserId
from prosa.parameters import JWT_PRIVATE_KEY, JWT_PUBLIC_KEYS, Parameters
from prosa.tokens import SigningKey, sign_access_token, verify_access_token


class AccessTokens:
    """Methods raise Unavailable and SettingsError when the keys cannot be had."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def verify(self, authorization: str | None) -> AccessClaims:
        """Who an `Authorization` header speaks for, or spoke: its time is not looked at.

        Raises Unauthenticated, TokenInvalid.
        """
        token = bearer_token(authorization)
        if token is None:
            raise Unauthenticated("Sign in first: send an access token.")
        public_keys: Mapping[str, str] = json.loads(self._parameters.get(JWT_PUBLIC_KEYS))
        return verify_access_token(token, public_keys)

    def sign(self, user_id: UserId, session_id: str, *, token_id: str) -> str:
        """Make an access token. `token_id` is new for each."""
        key = signing_key(self._parameters.get(JWT_PRIVATE_KEY))
        return sign_access_token(key, user_id, session_id, token_id=token_id)


def bearer_token(authorization: str | None) -> str | None:
    """The token of an `Authorization` header (RFC 6750, 2.1); None without a header.

    Raises TokenInvalid for a header of another kind.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenInvalid("This is not an access token of ours.")
    return token.strip()


def signing_key(private_pem: str) -> SigningKey:
    """Name a private key. Raises SettingsError when it is no Ed25519 key.

    Its `kid` is the thumbprint of the public half's JWK (RFC 7638, RFC 8037 section 2): whoever
    publishes that half computes the same name, and the two need no other agreement.
    """
    private = load_pem_private_key(private_pem.encode(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(JWT_PRIVATE_KEY, "is no Ed25519 key")
    x = _base64url(private.public_key().public_bytes_raw())
    jwk = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return SigningKey(_base64url(hashlib.sha256(jwk.encode()).digest()), private_pem)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
