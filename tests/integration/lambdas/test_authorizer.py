"""Who gets past API Gateway, and what the handlers see of them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from ulid import ULID

from lambdas import bootstrap
from lambdas.access_tokens import signing_key
from lambdas.caller import Caller
from lambdas.openapi import PATH
from prosa.errors import TokenExpired
from prosa.ids import UserId, new_user_id
from prosa.parameters import JWT_PRIVATE_KEY
from prosa.tokens import SigningKey, sign_access_token
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import STAGE_ARN, a_caller, authorize, call

pytestmark = pytest.mark.usefixtures("edge")

BODIES: dict[tuple[str, str], dict[str, str]] = {
    ("POST", "/chat"): {"content": "Hello"},
    ("POST", "/messages/{id}/replies"): {},
    ("PATCH", "/conversations/{id}"): {"title": "Other"},
    ("POST", "/auth/password"): {"current_password": "old", "new_password": "a longer one"},
}
QUERIES = {("GET", "/conversations/search"): "?q=hello"}

PROTECTED = [
    (method.upper(), path)
    for path, methods in json.loads(PATH.read_text())["paths"].items()
    for method, operation in methods.items()
    if operation.get("security")
]


def our_key() -> SigningKey:
    return signing_key(bootstrap.parameters().get(JWT_PRIVATE_KEY))


def a_token(user_id: UserId | None = None, *, key: SigningKey | None = None) -> str:
    return sign_access_token(
        key or our_key(), user_id or new_user_id(), "session-1", token_id="t-1"
    )


def a_token_of(*, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token of ours in all but `claims` and `headers`; a claim of None is left out."""
    now = datetime.now(UTC)
    all_claims: dict[str, Any] = {
        "iss": "prosa",
        "aud": "prosa-api",
        "sub": new_user_id(),
        "sid": "session-1",
        "jti": "t-1",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    } | claims
    sent = {name: value for name, value in all_claims.items() if value is not None}
    key = our_key()
    return jwt.encode(
        sent,
        key.private_pem,
        algorithm="EdDSA",
        headers={"kid": key.kid, "typ": "at+jwt"} | (headers or {}),
    )


def effect(policy: dict[str, Any]) -> str:
    (statement,) = policy["policyDocument"]["Statement"]
    assert statement["Resource"] == f"{STAGE_ARN}/*", "remembered for every route"
    return statement["Effect"]


def test_a_good_token_is_let_in_and_named() -> None:
    user_id = new_user_id()
    policy = authorize(f"Bearer {a_token(user_id)}")
    assert effect(policy) == "Allow"
    assert policy["principalId"] == user_id
    context = policy["context"]
    assert context["user_id"] == user_id
    assert context["session_id"] == "session-1"
    ends_in_s = int(context["session_ends_at"]) / 1000 - datetime.now(UTC).timestamp()
    assert 890 < ends_in_s <= 900
    assert all(isinstance(value, str) for value in context.values())


@pytest.mark.parametrize("name", ["authorization", "Authorization", "AUTHORIZATION"])
def test_the_header_is_found_however_it_is_spelled(name: str) -> None:
    assert effect(authorize(f"bearer {a_token()}", header=name)) == "Allow"


def test_an_expired_token_says_who_and_the_handler_says_too_late() -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    policy = authorize(f"Bearer {a_token_of(exp=past)}")
    assert effect(policy) == "Allow"
    with pytest.raises(TokenExpired):
        Caller.from_context(policy["context"])


@pytest.mark.parametrize("route", PROTECTED, ids=[" ".join(route) for route in PROTECTED])
def test_no_route_acts_on_an_expired_token(route: tuple[str, str]) -> None:
    method, path = route
    prefix = {"conversations": "cnv", "jobs": "job", "messages": "msg"}.get(path.split("/")[1])
    answer = call(
        method,
        path.replace("{id}", f"{prefix}_{ULID()}") + QUERIES.get(route, ""),
        body=BODIES.get(route),
        caller=a_caller(for_s=-6),
        headers={"idempotency-key": "key-0001"},
    )
    assert (answer.status, answer.code) == (401, "token_expired")


def forged() -> dict[str, str]:
    stranger = Ed25519PrivateKey.generate()
    pem = stranger.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "signed by a stranger": a_token(key=SigningKey(our_key().kid, pem)),
        "of an unknown key": a_token(key=SigningKey("another", our_key().private_pem)),
        "cut": a_token()[:-4],
        "changed": _with_claims(a_token(), sub="usr_another"),
        "unsigned": _unsigned(),
        "of another kind": a_token_of(headers={"typ": "JWT"}),
        "for another audience": a_token_of(aud="else"),
        "of another issuer": a_token_of(iss="else"),
        "without an end": a_token_of(exp=None),
        "without a user": a_token_of(sub=None),
        "without a session": a_token_of(sid=None),
        "no token": "hello",
        "empty": "",
    }


def _with_claims(token: str, **claims: str) -> str:
    head, body, signature = token.split(".")
    read = json.loads(base64.urlsafe_b64decode(body + "=="))
    written = base64.urlsafe_b64encode(json.dumps(read | claims).encode()).rstrip(b"=").decode()
    return f"{head}.{written}.{signature}"


def _unsigned() -> str:
    claims = jwt.decode(a_token(), options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none", headers={"kid": our_key().kid, "typ": "at+jwt"})


def test_a_forged_token_is_denied_whatever_is_wrong_with_it() -> None:
    for name, token in forged().items():
        policy = authorize(f"Bearer {token}")
        assert (effect(policy), policy["context"]) == ("Deny", {"code": "token_invalid"}), name


def test_without_a_bearer_token_nobody_is_let_in() -> None:
    assert authorize("Basic YTpi")["context"] == {"code": "token_invalid"}
    assert authorize(None)["context"] == {"code": "unauthenticated"}


def test_a_refresh_token_is_no_access_token() -> None:
    session = call("POST", "/auth/guest").json
    policy = authorize(f"Bearer {session['refresh_token']}")
    assert (effect(policy), policy["context"]) == ("Deny", {"code": "token_invalid"})


def test_a_key_that_is_gone_lets_nobody_in_any_more(edge: Edge) -> None:
    token = a_token()
    assert effect(authorize(f"Bearer {token}")) == "Allow"
    boto_ssm = bootstrap.parameters()._ssm  # pyright: ignore[reportPrivateUsage]
    boto_ssm.put_parameter(
        Name=f"{edge.resources.parameters}/jwt/public-keys", Value="{}", Overwrite=True
    )
    edge.set()
    assert effect(authorize(f"Bearer {token}")) == "Deny"


def test_a_token_that_ended_while_its_policy_was_remembered_is_refused() -> None:
    answer = call("GET", "/conversations", caller=a_caller(for_s=-6))
    assert (answer.status, answer.code) == (401, "token_expired")


def test_a_handler_without_an_authorizer_before_it_answers_nobody() -> None:
    answer = call("GET", "/conversations", headers={"authorization": f"Bearer {a_token()}"})
    assert (answer.status, answer.code) == (401, "unauthenticated")
