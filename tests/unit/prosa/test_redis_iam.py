"""Signing in to ElastiCache: the token is a signed request of the right user to the right cache."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import botocore.session
import pytest
from botocore.exceptions import NoCredentialsError

from prosa.redis_iam import TOKEN_KEPT_S, TOKEN_VALID_S, IamSignIn, iam_sign_in

SECRET = "not-a-real-secret"


def _session() -> botocore.session.Session:
    session = botocore.session.Session()
    session.set_config_variable("region", "eu-west-1")
    session.set_credentials("AKIDEXAMPLE", SECRET, "session-token")
    return session


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _sign_in(clock: _Clock | None = None) -> IamSignIn:
    return IamSignIn(
        user="prosa-dev-gateway", cache="prosa-dev", session=_session(), clock=clock or _Clock()
    )


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _signature_of(token: str) -> str:
    """Compute Signature Version 4 of the token's address anew, from its definition."""
    parts = urlsplit(f"//{token}")
    fields = [
        (k, v) for k, v in parse_qsl(parts.query, strict_parsing=True) if k != "X-Amz-Signature"
    ]
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(fields))
    given = dict(fields)
    canonical = "\n".join(
        ["GET", "/", query, f"host:{parts.netloc}", "", "host", hashlib.sha256(b"").hexdigest()]
    )
    scope = given["X-Amz-Credential"].partition("/")[2]
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            given["X-Amz-Date"],
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def test_the_token_is_a_signed_request_to_connect() -> None:
    user, token = _sign_in().get_credentials()
    parts = urlsplit(f"//{token}")
    query = parse_qs(parts.query)
    assert user == "prosa-dev-gateway"
    assert (parts.netloc, parts.path) == ("prosa-dev", "/")
    assert query["Action"] == ["connect"]
    assert query["User"] == ["prosa-dev-gateway"]
    assert query["X-Amz-Expires"] == [str(TOKEN_VALID_S)]
    scope = query["X-Amz-Credential"][0].split("/")[2:]
    assert scope == ["eu-west-1", "elasticache", "aws4_request"]
    assert query["X-Amz-Security-Token"] == ["session-token"]
    assert query["X-Amz-Signature"] == [_signature_of(token)]


def test_a_token_is_kept_for_less_than_it_is_good_for() -> None:
    clock = _Clock()
    sign_in = _sign_in(clock)
    first = sign_in.get_credentials()
    sign_in._session.set_credentials("AKIDOTHER", SECRET)  # pyright: ignore[reportPrivateUsage]
    clock.now += TOKEN_KEPT_S - 1
    assert sign_in.get_credentials() == first
    clock.now += 1
    assert "AKIDOTHER" in sign_in.get_credentials()[1]
    assert TOKEN_KEPT_S < TOKEN_VALID_S


async def test_the_asyncio_client_gets_the_same_one() -> None:
    sign_in = _sign_in()
    assert await sign_in.get_credentials_async() == sign_in.get_credentials()


def test_without_a_role_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(NoCredentialsError):
        IamSignIn(user="u", cache="c").get_credentials()


def test_no_user_is_no_sign_in() -> None:
    assert iam_sign_in(None, "prosa-dev") is None
    assert iam_sign_in("prosa-dev-worker", "prosa-dev") is not None
