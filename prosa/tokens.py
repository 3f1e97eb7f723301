"""Access tokens: short-lived JWTs, signed with Ed25519 (RFC 8725, RFC 9068).

The `auth` Lambda signs, the authorizer verifies with the public keys alone. Two keys may be live at
a time, told apart by `kid`, so that a key can be changed without signing anyone out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt

from prosa.claims import ACCESS_TOKEN_TTL_S, LEEWAY, AccessClaims
from prosa.clock import utc_now
from prosa.errors import TokenInvalid
from prosa.ids import UserId

_ISSUER = "prosa"
_AUDIENCE = "prosa-api"
_TYPE = "at+jwt"
_REQUIRED = ["exp", "iat", "sub", "aud", "iss", "jti", "sid"]


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key in PEM and the name its public half is published under."""

    kid: str
    private_pem: str


def sign_access_token(key: SigningKey, user_id: UserId, session_id: str, *, token_id: str) -> str:
    """Make an access token, good for `ACCESS_TOKEN_TTL_S`."""
    now = utc_now()
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": user_id,
        "sid": session_id,
        "jti": token_id,
        "iat": now,
        "exp": now + timedelta(seconds=ACCESS_TOKEN_TTL_S),
    }
    headers = {"kid": key.kid, "typ": _TYPE}
    return jwt.encode(claims, key.private_pem, algorithm="EdDSA", headers=headers)


def verify_access_token(token: str, public_keys: Mapping[str, str]) -> AccessClaims:
    """Check all but the time: signature, type, audience, claims.

    `public_keys` maps `kid` to PEM. The time is for whoever acts on the token to judge, with
    `AccessClaims.require_live`: what is verified here may be remembered beyond it. Raises
    TokenInvalid.
    """
    try:
        header = jwt.get_unverified_header(token)
        # A dictionary look-up, and no other header is followed: `jku`, `jwk` and `x5u` would let
        # the sender choose the key (RFC 8725, 3.10).
        key = public_keys.get(header.get("kid", ""))
        if key is None or header.get("typ") != _TYPE:
            raise TokenInvalid("This is not an access token of ours.")
        claims = jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            audience=_AUDIENCE,
            issuer=_ISSUER,
            leeway=LEEWAY,
            # PyJWT takes a token without `exp` unless told otherwise.
            options={"require": _REQUIRED, "verify_exp": False},
        )
        expires_at = datetime.fromtimestamp(claims["exp"], tz=UTC)
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError) as exc:
        raise TokenInvalid("This is not an access token of ours.") from exc
    return AccessClaims(UserId(claims["sub"]), str(claims["sid"]), expires_at)
