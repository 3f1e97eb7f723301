"""The parts that need nothing but their arguments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from lambdas.access_tokens import bearer_token
from lambdas.caller import Caller
from lambdas.cors import cors_headers
from lambdas.emails import normalise_email
from lambdas.models import model_list
from lambdas.passwords import hash_password, is_password, needs_rehash
from lambdas.refusals import InvalidField
from lambdas.trace import traceparent_of
from prosa.clock import utc_now
from prosa.errors import TokenExpired, TokenInvalid, Unauthenticated
from prosa.ids import new_user_id
from prosa.networks import network_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_trace_goes_on() -> None:
    assert traceparent_of(TRACE) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        TRACE + "x",
        TRACE.upper(),
        "01" + TRACE[2:],
        "00-" + "0" * 32 + TRACE[35:],
    ],
)
def test_a_trace_that_cannot_be_read_is_begun_anew(header: str | None) -> None:
    made = traceparent_of(header)
    assert made != header
    assert traceparent_of(made) == made
    assert traceparent_of(header) != made


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ],
)
def test_a_subscriber_is_an_address_or_a_network(ip: str, network: str) -> None:
    assert network_of(ip) == network


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Ana@EXAMPLE.com", "ana@example.com"),
        ("ana+x@example.com", "ana+x@example.com"),
        ("ANA@exämple.com", "ana@exämple.com"),
    ],
)
def test_an_address_has_one_form(text: str, email: str) -> None:
    assert normalise_email(text) == email
    assert normalise_email(email) == email


@pytest.mark.parametrize(
    "text", ["ana", "ana@", "@example.com", "a b@example.com", "a@b@c.com", "\x00"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidField) as caught:
        normalise_email(text)
    assert caught.value.code == "email_wrong_format"


def test_a_password_is_right_or_not() -> None:
    made = hash_password("a long secret")
    assert made.startswith("$argon2id$")
    assert is_password(made, "a long secret")
    assert not is_password(made, "a long secret ")
    assert not needs_rehash(made)


def test_nobody_has_no_password() -> None:
    assert not is_password(None, "")
    assert not is_password("not a hash", "a long secret")


def test_the_hash_of_nobody_costs_what_a_real_one_costs() -> None:
    from lambdas import passwords

    assert not needs_rehash(passwords._NOBODY)  # pyright: ignore[reportPrivateUsage]


def test_a_weaker_hash_is_to_be_made_anew() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


def test_a_caller_goes_through_the_context_unchanged() -> None:
    caller = Caller(new_user_id(), "session-1", utc_now() + timedelta(minutes=1))
    assert Caller.from_context(caller.as_context()) == caller


@pytest.mark.parametrize("missing", ["user_id", "session_id", "session_ends_at"])
def test_without_the_whole_context_there_is_no_caller(missing: str) -> None:
    context = Caller(new_user_id(), "s", utc_now() + timedelta(minutes=1)).as_context()
    del context[missing]
    with pytest.raises(Unauthenticated):
        Caller.from_context(context)


def test_a_caller_whose_time_is_over_is_none() -> None:
    with pytest.raises(TokenExpired):
        Caller.from_context(
            Caller(new_user_id(), "s", utc_now() - timedelta(seconds=6)).as_context()
        )


def test_a_bearer_token_is_read() -> None:
    assert bearer_token(None) is None
    assert bearer_token("Bearer abc") == bearer_token("bearer  abc ") == "abc"
    for other in ("", "Bearer", "Bearer ", "Basic abc", "abc"):
        with pytest.raises(TokenInvalid):
            bearer_token(other)


def test_an_origin_is_listed_or_hears_nothing() -> None:
    listed = ("https://a.example",)
    assert cors_headers("https://a.example", listed, is_preflight=False) == {
        "Access-Control-Allow-Origin": "https://a.example",
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }
    for origin in (None, "https://A.example", "https://a.example/", "http://a.example", "null"):
        assert cors_headers(origin, listed, is_preflight=True) == {}


def test_models_are_labelled_by_their_names() -> None:
    items = model_list(["local:Qwen/Qwen2.5-0.5B-Instruct", "openai:gpt-5-mini", "plain"]).items
    assert [i.label for i in items] == ["Qwen2.5-0.5B-Instruct", "gpt-5-mini", "plain"]
    assert [i.is_default for i in items] == [True, False, False]
