"""Yours only: what one user has does not exist for another, on every route that names it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.caller import Caller
from lambdas.openapi import PATH
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import Answer, a_caller, call
from tests.integration.lambdas.messages import finish, send

KEY = {"idempotency-key": "key-9999"}

ROUTES: dict[tuple[str, str], Any] = {
    ("GET", "/conversations/{id}"): None,
    ("GET", "/conversations/{id}/messages"): None,
    ("PATCH", "/conversations/{id}"): {"title": "Mine now"},
    ("DELETE", "/conversations/{id}"): None,
    ("GET", "/jobs/{id}"): None,
    ("DELETE", "/jobs/{id}"): None,
    ("POST", "/messages/{id}/replies"): {},
}


@pytest.fixture
def owned(edge: Edge) -> dict[str, str]:
    """The ids of a conversation of someone else: its question, its reply that is stored."""
    sent = send(a_caller()).json
    finish(sent["job_id"])
    edge.queued()
    return sent


def test_every_route_that_names_something_is_here() -> None:
    paths = json.loads(PATH.read_text())["paths"]
    named = {(m.upper(), p) for p, methods in paths.items() if "{" in p for m in methods}
    assert named == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=[" ".join(route) for route in ROUTES])
def test_a_stranger_finds_nothing_and_changes_nothing(
    edge: Edge, owned: dict[str, str], route: tuple[str, str]
) -> None:
    before = edge.dump()
    answer = ask(route, owned, a_caller())
    nothing = ask(route, {name: _other(text) for name, text in owned.items()}, a_caller())
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.text == nothing.text, "a foreign id and an unknown one get the same answer"
    assert edge.dump() == before


def ask(route: tuple[str, str], ids: dict[str, str], caller: Caller) -> Answer:
    method, template = route
    named = {"conversations": "conversation_id", "jobs": "job_id", "messages": "message_id"}
    path = template.replace("{id}", ids[named[template.split("/")[1]]])
    return call(method, path, body=ROUTES[route], caller=caller, headers=KEY)


def _other(name: str) -> str:
    """An id like this one that nobody has."""
    return name[:-4] + "0000"


@pytest.mark.parametrize("names", [("conversation_id",), ("conversation_id", "parent_id")])
def test_a_stranger_does_not_write_into_it(
    edge: Edge, owned: dict[str, str], names: tuple[str, ...]
) -> None:
    before = edge.dump()
    ids = owned | {"parent_id": owned["reply_id"]}
    answer = send(a_caller(), **{name: ids[name] for name in names})
    assert (answer.status, answer.code) == (404, "not_found")
    assert edge.dump() == before
    assert edge.is_queue_empty()


def test_a_stranger_does_not_answer_on_it_from_a_conversation_of_their_own(
    edge: Edge, owned: dict[str, str]
) -> None:
    stranger = a_caller()
    own = send(stranger).json
    before = edge.dump()
    answer = send(
        stranger,
        key="key-0002",
        conversation_id=own["conversation_id"],
        parent_id=owned["reply_id"],
    )
    assert (answer.status, answer.code) == (422, "unknown_parent")
    assert edge.dump() == before


@pytest.mark.usefixtures("owned")
def test_a_stranger_does_not_list_it() -> None:
    assert call("GET", "/conversations", caller=a_caller()).json["items"] == []


@pytest.mark.usefixtures("owned")
def test_a_stranger_does_not_find_it() -> None:
    answer = call("GET", "/conversations/search?q=iracema", caller=a_caller())
    assert (answer.status, answer.json["items"]) == (200, [])


def test_a_user_named_in_a_header_or_a_body_is_nobody(edge: Edge, owned: dict[str, str]) -> None:
    job = call("GET", f"/jobs/{owned['job_id']}", caller=a_caller(), headers={"x-user-id": "usr_1"})
    assert job.code == "not_found"
    answer = send(a_caller(), user_id="usr_1")
    assert answer.code == "unknown_field"
    assert edge.is_queue_empty()
