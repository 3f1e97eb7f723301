"""The document that is served is what the routes say."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any, get_type_hints

import pytest

from lambdas import openapi
from lambdas.caller import Caller
from lambdas.handlers import auth, chat, conversations, meta, search, tickets

DOCUMENT = openapi.document()
OPERATIONS: dict[str, Any] = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def test_the_stored_document_is_up_to_date() -> None:
    assert openapi.PATH.read_text(encoding="utf-8") == openapi.text(), (
        "run: python -m lambdas.openapi"
    )


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_every_refusal_is_a_problem_and_ours_is_among_them(operation: dict[str, Any]) -> None:
    assert "500" in operation["responses"]
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            schema = response["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
        if int(status) in (429, 503):
            assert "Retry-After" in response["headers"]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_what_needs_a_token_says_so(operation: dict[str, Any]) -> None:
    signs_in = operation["tags"][0] == "auth" and operation["operationId"] != "changePassword"
    is_open = signs_in or operation["tags"][0] == "meta"
    assert operation.get("security") == (None if is_open else [{"access_token": []}])
    assert is_open or "401" in operation["responses"]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_what_takes_a_body_says_how_it_may_be_wrong(operation: dict[str, Any]) -> None:
    if "requestBody" in operation:
        assert {"400", "413", "415", "422"} <= set(operation["responses"])


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    named = re.findall(r'"\$ref": "([^"]+)"', openapi.text())
    assert set(named) == {f"#/components/schemas/{name}" for name in schemas}


def test_every_body_refuses_unknown_fields() -> None:
    for operation in OPERATIONS.values():
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
            assert schema["additionalProperties"] is False


def test_routes_say_they_need_a_token_exactly_when_they_ask_who_calls() -> None:
    for handler in (auth, chat, conversations, search, tickets, meta):
        for key, function in handler.router._routes.items():  # pyright: ignore[reportPrivateUsage]
            rule, methods = key[0], key[1]
            name = f"{methods[0]} {rule.replace('<', '{').replace('>', '}')}"
            if name not in OPERATIONS:
                continue
            asks = Caller in get_type_hints(function).values()
            assert bool(OPERATIONS[name].get("security")) == asks, name
            assert inspect.isfunction(function)


def test_the_document_is_json_that_sorts_the_same_each_time() -> None:
    assert json.loads(openapi.text()) == DOCUMENT
