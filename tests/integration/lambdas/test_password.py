"""Changing the password, and that gateways are told of every session that is ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas import bootstrap
from lambdas.caller import Caller
from prosa.errors import Conflict
from prosa.redis_client import connect_blocking
from prosa.socket_access.keys import CONTROL_CHANNEL, revoked_key
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import Answer, a_caller, call
from tests.integration.lambdas.test_auth import (
    ANA,
    as_guest,
    caller_of,
    refresh,
    register,
    rotated_long_ago,
)

NEW = "another long secret"


def change(session: dict[str, Any] | None, **fields: Any) -> Answer:
    body = {"current_password": ANA["password"], "new_password": NEW} | fields
    caller = Caller.from_context(caller_of(session)) if session else None
    return call("POST", "/auth/password", body=body, caller=caller)


def sign_in(password: str) -> Answer:
    return call("POST", "/auth/login", body=ANA | {"password": password})


class Gateway:
    """Hears what every gateway hears."""

    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    def told(self) -> dict[str, Any]:
        """The next thing it is told."""
        message = self._pubsub.get_message(timeout=5)
        assert message is not None, "told nothing"
        return json.loads(message["data"])

    def is_told_nothing(self) -> bool:
        return self._pubsub.get_message(timeout=0) is None


@pytest.fixture
def gateway(redis_url: str) -> Iterator[Gateway]:
    client: Any = connect_blocking(redis_url)  # pubsub() is half typed
    with client as redis, redis.pubsub() as pubsub:
        pubsub.subscribe(CONTROL_CHANNEL)
        assert pubsub.get_message(timeout=5) is not None
        yield Gateway(pubsub)


@pytest.mark.usefixtures("edge")
def test_the_new_password_signs_in_and_the_old_one_does_not() -> None:
    assert (change(register().json).status, sign_in(NEW).status) == (204, 200)
    assert sign_in(ANA["password"]).code == "bad_credentials"


@pytest.mark.usefixtures("edge")
def test_all_sessions_but_the_one_that_asked_end(gateway: Gateway) -> None:
    here = register().json
    others = [sign_in(ANA["password"]).json for _ in range(3)]
    assert change(here).status == 204
    assert [refresh(other["refresh_token"]).code for other in others] == ["session_revoked"] * 3
    assert refresh(here["refresh_token"]).status == 200
    told = gateway.told()
    assert told["user_id"] == here["user"]["user_id"]
    assert sorted(told["session_ids"]) == sorted(caller_of(o)["session_id"] for o in others)


@pytest.mark.usefixtures("edge")
def test_an_ended_session_gets_no_ticket_with_the_access_token_it_still_has() -> None:
    here = register().json
    other = caller_of(sign_in(ANA["password"]).json)
    caller = a_caller(other["user_id"], session_id=other["session_id"])
    assert call("POST", "/ws-tickets", caller=caller).status == 201
    assert change(here).status == 204
    answer = call("POST", "/ws-tickets", caller=caller)
    assert (answer.status, answer.code) == (401, "session_revoked")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"current_password": "a wrong secret"}, 403, "wrong_password"),
        ({"current_password": ""}, 422, "current_password_empty"),
        ({"new_password": "seven c"}, 422, "new_password_too_short"),
        ({"new_password": "p" * 257}, 422, "new_password_too_long"),
        ({"email": "bia@example.com"}, 422, "unknown_field"),
    ],
)
def test_what_is_refused_changes_nothing(
    edge: Edge, gateway: Gateway, fields: dict[str, Any], status: int, code: str
) -> None:
    session = register().json
    before = edge.dump()
    answer = change(session, **fields)
    assert (answer.status, answer.code) == (status, code)
    assert edge.dump() == before
    assert gateway.is_told_nothing()


@pytest.mark.usefixtures("edge")
def test_who_is_not_signed_in_or_has_no_password_cannot_change_it() -> None:
    assert (change(None).status, change(None).code) == (401, "unauthenticated")
    answer = change(as_guest())
    assert (answer.status, answer.code) == (403, "no_password")


def test_guesses_at_the_current_password_are_counted(edge: Edge) -> None:
    edge.set(rate_sign_in_account="2/minute")
    session = register().json
    wrong = [change(session, current_password="a wrong secret").status for _ in range(2)]
    assert wrong == [403, 403]
    assert change(session).code == "rate_limited"


@pytest.mark.usefixtures("edge")
def test_of_two_changes_at_once_the_second_is_told() -> None:
    session = register().json
    users = bootstrap.users()
    found = users.credentials_of(ANA["email"])
    assert found is not None
    assert change(session).status == 204
    with pytest.raises(Conflict):
        users.change_password_hash(found.user.user_id, old=found.password_hash, new="x")


@pytest.mark.usefixtures("edge")
def test_signing_out_is_told_and_written_down(gateway: Gateway, redis_url: str) -> None:
    session = as_guest()
    session_id = caller_of(session)["session_id"]
    call("POST", "/auth/logout", body={"refresh_token": session["refresh_token"]})
    told = gateway.told()
    assert (told["type"], told["session_ids"]) == ("sessions_ended", [session_id])
    with connect_blocking(redis_url) as redis:
        key = revoked_key(session["user"]["user_id"])
        assert redis.hexists(key, session_id)
        assert 0 < int(str(redis.ttl(key))) <= 16 * 60


def test_a_stolen_refresh_token_closes_the_sockets_too(edge: Edge, gateway: Gateway) -> None:
    session = as_guest()
    refresh(session["refresh_token"])
    rotated_long_ago(edge, session)
    assert refresh(session["refresh_token"]).code == "session_revoked"
    assert gateway.told()["session_ids"] == [caller_of(session)["session_id"]]


@pytest.mark.usefixtures("no_redis")
def test_without_redis_who_signs_out_is_out_all_the_same(edge: Edge) -> None:
    token = bootstrap.sign_in()._begin(bootstrap.users().create_guest())  # pyright: ignore[reportPrivateUsage]
    answer = call("POST", "/auth/logout", body={"refresh_token": token.refresh_token})
    assert answer.status == 204
    assert refresh(token.refresh_token).code == "session_revoked"
    assert edge.stored("SESSION#") == []
