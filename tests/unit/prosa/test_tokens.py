"""Access tokens: ours pass, everything else is refused."""

import base64
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from prosa.clock import utc_now
from prosa.errors import TokenExpired, TokenInvalid
from prosa.ids import new_user_id
from prosa.tokens import SigningKey, sign_access_token, verify_access_token


def _pair(kid: str) -> tuple[SigningKey, dict[str, str]]:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(kid, pem), {kid: public.decode()}


KEY, PUBLIC = _pair("one")
USER = new_user_id()


def _claims(**changes: object) -> dict[str, object]:
    now = utc_now()
    return {
        "iss": "prosa",
        "aud": "prosa-api",
        "sub": USER,
        "sid": "s",
        "jti": "t",
        "iat": now,
        "exp": now + timedelta(seconds=60),
    } | changes


def _signed(claims: dict[str, object], *, typ: str = "at+jwt", key: SigningKey = KEY) -> str:
    headers = {"kid": key.kid, "typ": typ}
    return jwt.encode(claims, key.private_pem, algorithm="EdDSA", headers=headers)


def test_a_token_of_ours_names_its_user_and_session() -> None:
    token = sign_access_token(KEY, USER, "session-1", token_id="t")
    claims = verify_access_token(token, PUBLIC)
    assert (claims.user_id, claims.session_id) == (USER, "session-1")


def test_a_second_key_may_be_live() -> None:
    other, other_public = _pair("two")
    token = sign_access_token(other, USER, "s", token_id="t")
    assert verify_access_token(token, PUBLIC | other_public).user_id == USER


@pytest.mark.parametrize(("late_s", "passes"), [(4, True), (6, False)])
def test_the_leeway_is_five_seconds(late_s: int, *, passes: bool) -> None:
    token = _signed(_claims(exp=utc_now() - timedelta(seconds=late_s)))
    claims = verify_access_token(token, PUBLIC)
    if passes:
        assert claims.require_live().user_id == USER
    else:
        with pytest.raises(TokenExpired):
            claims.require_live()


@pytest.mark.parametrize("missing", ["exp", "iat", "sub", "aud", "iss", "jti", "sid"])
def test_a_token_without_a_claim_is_refused(missing: str) -> None:
    claims = _claims()
    del claims[missing]
    with pytest.raises(TokenInvalid):
        verify_access_token(_signed(claims), PUBLIC)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(_signed(_claims(aud="prosa-refresh")), id="another audience"),
        pytest.param(_signed(_claims(iss="someone")), id="another issuer"),
        pytest.param(_signed(_claims(), typ="JWT"), id="another type"),
        pytest.param(_signed(_claims(), key=_pair("one")[0]), id="another key of the same name"),
        pytest.param(_signed(_claims(), key=_pair("unknown")[0]), id="an unknown key"),
        pytest.param("a.b.c", id="no token"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_token_that_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        verify_access_token(token, PUBLIC)


def _b64(data: dict[str, object]) -> str:
    raw = json.dumps(data, default=lambda moment: int(moment.timestamp())).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_an_unsigned_token_is_refused() -> None:
    token = f"{_b64({'alg': 'none', 'kid': 'one', 'typ': 'at+jwt'})}.{_b64(_claims())}."
    with pytest.raises(TokenInvalid):
        verify_access_token(token, PUBLIC)


def test_the_public_key_is_no_shared_secret() -> None:
    import hashlib
    import hmac

    head = _b64({"alg": "HS256", "kid": "one", "typ": "at+jwt"})
    signed = f"{head}.{_b64(_claims())}"
    digest = hmac.new(PUBLIC["one"].encode(), signed.encode(), hashlib.sha256).digest()
    forged = f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    with pytest.raises(TokenInvalid):
        verify_access_token(forged, PUBLIC)
