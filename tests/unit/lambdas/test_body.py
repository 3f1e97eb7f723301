"""Reading a body, and refusing one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambdas.body import BODY_MAX_BYTES, check_body, parse_json
from lambdas.refusals import BadRequest, BodyTooLarge, UnsupportedMediaType


def an_event(body: str | None, **fields: Any) -> dict[str, Any]:
    return {"body": body, "headers": {"Content-Type": "application/json"}, **fields}


@pytest.mark.parametrize(
    "body", [None, "", "{}", "a" * BODY_MAX_BYTES, "é" * (BODY_MAX_BYTES // 2)]
)
def test_a_body_up_to_the_limit_passes(body: str | None) -> None:
    check_body(an_event(body))


@pytest.mark.parametrize("body", ["a" * (BODY_MAX_BYTES + 1), "é" * (BODY_MAX_BYTES // 2 + 1)])
def test_a_byte_more_is_too_much(body: str) -> None:
    with pytest.raises(BodyTooLarge):
        check_body(an_event(body))


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "Application/JSON", None],
)
def test_json_is_taken_however_it_is_called(media_type: str | None) -> None:
    headers = {} if media_type is None else {"content-type": media_type}
    check_body({"body": "{}", "headers": headers})


@pytest.mark.parametrize(
    "event",
    [
        an_event("{}", isBase64Encoded=True),
        an_event("a=b", headers={"content-type": "application/x-www-form-urlencoded"}),
        an_event("{}", headers={"content-type": "text/plain"}),
        an_event("{}", headers={"content-type": "application/jsonp"}),
    ],
)
def test_anything_else_is_not(event: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_body(event)


def test_without_a_body_its_type_does_not_matter() -> None:
    check_body(an_event(None, headers={"content-type": "text/plain"}))


@given(st.text(max_size=200))
def test_text_that_is_no_object_is_refused(text: str) -> None:
    assume(not text.strip().startswith("{"))
    with pytest.raises(BadRequest):
        parse_json(text)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20)))
def test_an_object_is_read(value: dict[str, str]) -> None:
    assert parse_json(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["[" * 10_000, '{"a":' * 3_000, "1" * 5_000, "{", "\ufeff{}"])
def test_what_brings_a_parser_down_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_json(text)
    assert caught.value.code == "invalid_json"
