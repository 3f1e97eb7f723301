"""Signing in and out, and the tokens that renew themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest
from argon2 import PasswordHasher

from lambdas import bootstrap
from prosa.clock import to_iso, utc_now
from prosa.conversation import User
from prosa.errors import SessionRevoked
from prosa.ids import UserId
from prosa.store.sessions import GRACE_S
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import Answer, a_caller, authorize, call

ANA = {"email": "ana@example.com", "password": "a long secret"}


def as_guest() -> dict[str, Any]:
    answer = call("POST", "/auth/guest")
    assert answer.status == 201, answer.text
    return answer.json


def register(token: str | None = None, **fields: str) -> Answer:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return call("POST", "/auth/register", body=ANA | fields, headers=headers)


def refresh(token: str) -> Answer:
    return call("POST", "/auth/refresh", body={"refresh_token": token})


def caller_of(session: dict[str, Any]) -> Any:
    """What the authorizer finds in a session's access token."""
    found = authorize(f"Bearer {session['access_token']}")
    assert found["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    return found["context"]


@pytest.mark.usefixtures("edge")
def test_a_guest_is_signed_in() -> None:
    session = as_guest()
    assert session["token_type"] == "Bearer"
    assert session["expires_in"] == 900
    assert session["user"]["is_guest"] is True
    assert session["user"]["email"] is None
    assert caller_of(session)["user_id"] == session["user"]["user_id"]


def test_where_guests_are_off_nobody_is_made(edge: Edge) -> None:
    edge.set(guests="off")
    answer = call("POST", "/auth/guest")
    assert (answer.status, answer.code) == (403, "guests_disabled")
    assert edge.items() == 0


@pytest.mark.usefixtures("edge")
def test_who_registered_signs_in_however_the_address_is_written() -> None:
    registered = register().json
    answer = call("POST", "/auth/login", body=ANA | {"email": "Ana@EXAMPLE.com"})
    assert answer.status == 200
    assert answer.json["user"] == registered["user"]
    assert answer.json["user"]["email"] == "ana@example.com"
    assert caller_of(answer.json)["session_id"] != caller_of(registered)["session_id"]


@pytest.mark.usefixtures("edge")
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer() -> None:
    register()
    wrong = call("POST", "/auth/login", body=ANA | {"password": "another secret"})
    unknown = call("POST", "/auth/login", body=ANA | {"email": "bia@example.com"})
    assert (wrong.status, wrong.code) == (401, "bad_credentials")
    assert (unknown.status, unknown.text) == (wrong.status, wrong.text)


def test_an_address_is_registered_once(edge: Edge) -> None:
    register()
    items = edge.items()
    answer = register(email="ANA@example.com", password="another secret")
    assert (answer.status, answer.code) == (409, "email_taken")
    assert edge.items() == items


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"email": "ana"}, "email_wrong_format"),
        ({"email": "ana@localhost"}, "email_wrong_format"),
        ({"email": ""}, "email_empty"),
        ({"email": "a" * 250 + "@example.com"}, "email_too_long"),
        ({"password": "seven c"}, "password_too_short"),
        ({"password": "p" * 257}, "password_too_long"),
        ({"is_admin": True}, "unknown_field"),
    ],
)
def test_bad_credentials_are_refused_and_never_repeated(
    edge: Edge, fields: dict[str, Any], code: str
) -> None:
    answer = call("POST", "/auth/register", body=ANA | fields)
    assert (answer.status, answer.code) == (422, code)
    assert ANA["password"] not in answer.text
    assert edge.items() == 0


@pytest.mark.usefixtures("edge")
def test_a_guest_who_registers_keeps_who_they_are_and_the_old_session_ends() -> None:
    guest = as_guest()
    session = register(guest["access_token"]).json
    assert session["user"]["user_id"] == guest["user"]["user_id"]
    assert session["user"]["is_guest"] is False
    assert refresh(guest["refresh_token"]).code == "session_revoked"
    assert refresh(session["refresh_token"]).status == 200


@pytest.mark.usefixtures("edge")
def test_who_has_an_address_does_not_get_another() -> None:
    session = register().json
    answer = register(session["access_token"], email="bia@example.com")
    assert (answer.status, answer.code) == (409, "conflict")


def test_a_forged_guest_is_not_registered(edge: Edge) -> None:
    answer = register("not.a.token")
    assert (answer.status, answer.code) == (401, "token_invalid")
    assert edge.items() == 0


@pytest.mark.usefixtures("edge")
def test_an_old_hash_is_made_anew_at_the_next_sign_in() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(ANA["password"])
    user = bootstrap.users().register(ANA["email"], weak)
    assert call("POST", "/auth/login", body=ANA).status == 200
    found = bootstrap.users().credentials_of(ANA["email"])
    assert found is not None
    assert found.user == user
    assert "m=65536,t=3,p=1" in found.password_hash


@pytest.mark.usefixtures("edge")
def test_a_refresh_token_gives_the_next_pair_of_the_same_session() -> None:
    first = as_guest()
    second = refresh(first["refresh_token"]).json
    assert second["user"] == first["user"]
    assert second["refresh_token"] != first["refresh_token"]
    assert caller_of(second)["session_id"] == caller_of(first)["session_id"]
    third = refresh(second["refresh_token"])
    assert third.status == 200


@pytest.mark.usefixtures("edge")
def test_of_twenty_refreshes_at_once_all_get_the_same_successor() -> None:
    token = as_guest()["refresh_token"]
    sign_in = bootstrap.sign_in()
    with ThreadPoolExecutor(20) as pool:
        sessions = list(pool.map(sign_in.refresh, [token] * 20))
    assert len({session.refresh_token for session in sessions}) == 1
    assert refresh(sessions[0].refresh_token).status == 200


def test_a_token_used_again_after_the_grace_ends_the_session(edge: Edge) -> None:
    first = as_guest()
    second = refresh(first["refresh_token"]).json
    rotated_long_ago(edge, first)
    answer = refresh(first["refresh_token"])
    assert (answer.status, answer.code) == (401, "session_revoked")
    assert refresh(second["refresh_token"]).code == "session_revoked"


def rotated_long_ago(edge: Edge, session: dict[str, Any]) -> None:
    """Let the grace of a used token pass."""
    context = caller_of(session)
    then = utc_now() - timedelta(seconds=GRACE_S + 1)
    boto3.client("dynamodb").update_item(  # pyright: ignore[reportUnknownMemberType]
        TableName=edge.resources.table,
        Key={
            "PK": {"S": f"USER#{context['user_id']}"},
            "SK": {"S": f"SESSION#{context['session_id']}"},
        },
        UpdateExpression="SET rotated_at = :then",
        ExpressionAttributeValues={":then": {"S": to_iso(then)}},
    )


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("token", ["x", "a.b.1.c", "." * 40, "€" * 40, "usr_1.s.one.x"])
def test_a_made_up_refresh_token_is_refused(token: str) -> None:
    answer = refresh(token)
    assert (answer.status, answer.code) == (401, "session_revoked")
    assert call("POST", "/auth/logout", body={"refresh_token": token}).code == "session_revoked"


@pytest.mark.usefixtures("edge")
def test_who_signed_out_is_out_and_may_say_so_twice() -> None:
    token = as_guest()["refresh_token"]
    for _ in range(2):
        answer = call("POST", "/auth/logout", body={"refresh_token": token})
        assert (answer.status, answer.text) == (204, "")
    assert refresh(token).code == "session_revoked"


@pytest.mark.usefixtures("edge")
def test_a_session_of_a_user_who_is_gone_is_over() -> None:
    token = bootstrap.sign_in()._sessions.begin(UserId("usr_gone"))  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(SessionRevoked):
        bootstrap.sign_in().refresh(token.text)


def test_guesses_at_one_account_are_counted_whatever_the_address_they_come_from(
    edge: Edge,
) -> None:
    edge.set(rate_sign_in_account="2/minute")
    register()
    wrong = ANA | {"password": "another secret"}
    for number in range(2):
        assert call("POST", "/auth/login", body=wrong, ip=f"203.0.113.{number}").status == 401
    answer = call("POST", "/auth/login", body=ANA, ip="203.0.113.9")
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    other = call("POST", "/auth/login", body=ANA | {"email": "bia@example.com"})
    assert other.status == 401, "another account is counted alone"


def test_an_address_makes_only_so_many_guests(edge: Edge) -> None:
    edge.set(rate_sign_in_ip="2/minute")
    here = "2001:db8::1"
    assert [call("POST", "/auth/guest", ip=here).status for _ in range(2)] == [201, 201]
    items = edge.items()
    same_network = call("POST", "/auth/guest", ip="2001:db8::ffff")
    assert (same_network.status, same_network.code) == (429, "rate_limited")
    assert edge.items() == items
    assert call("POST", "/auth/guest", ip="2001:db8:1::1").status == 201


@pytest.mark.usefixtures("no_redis")
def test_without_redis_nobody_signs_in_and_sessions_go_on(edge: Edge) -> None:
    assert call("POST", "/auth/guest").code == "unavailable"
    assert register().code == "unavailable"
    assert call("POST", "/auth/login", body=ANA).code == "unavailable"
    assert edge.items() == 0
    token = bootstrap.sign_in()._begin(bootstrap.users().create_guest())  # pyright: ignore[reportPrivateUsage]
    assert refresh(token.refresh_token).status == 200


def test_a_guest_who_registers_keeps_the_conversations(edge: Edge) -> None:
    guest = as_guest()
    user = User.model_validate(guest["user"])
    sent = call(
        "POST",
        "/chat",
        body={"content": "Keep this"},
        headers={"idempotency-key": "key-0001"},
        caller=a_caller(user.user_id),
    )
    assert sent.status == 202
    session = register(guest["access_token"]).json
    page = call("GET", "/conversations", caller=a_caller(session["user"]["user_id"]))
    assert [c["title"] for c in page.json["items"]] == ["Keep this"]
    assert len(edge.queued()) == 1
