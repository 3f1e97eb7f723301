"""Every kind of bad request has a code of its own, and leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from prosa.ids import new_conversation_id
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import a_caller, call

KEY = {"idempotency-key": "key-0001"}


class Bad(NamedTuple):
    """A POST /chat that is refused."""

    body: Any
    status: int
    code: str
    headers: dict[str, str] = KEY


def a_body(**fields: Any) -> dict[str, Any]:
    return {"content": "hello", **fields}


BAD_MESSAGES = {
    "empty": Bad(a_body(content=""), 422, "content_empty"),
    "blank": Bad(a_body(content=" \n\t "), 422, "content_empty"),
    "8001 characters": Bad(a_body(content="a" * 8001), 422, "content_too_long"),
    "NUL": Bad(a_body(content="a\x00b"), 422, "content_control_character"),
    "lone surrogate": Bad('{"content":"\\ud800"}', 422, "content_not_unicode"),
    "no content": Bad({}, 422, "content_missing"),
    "content is a number": Bad(a_body(content=1), 422, "content_wrong_type"),
    "content is null": Bad(a_body(content=None), 422, "content_wrong_type"),
    "unknown field": Bad(a_body(role="system"), 422, "unknown_field"),
    "two wrong fields": Bad(a_body(content="", role="system"), 422, "validation_failed"),
    "malformed conversation": Bad(
        a_body(conversation_id="cnv_1"), 422, "conversation_id_wrong_format"
    ),
    "malformed parent": Bad(a_body(parent_id="msg_1"), 422, "parent_id_wrong_format"),
    "unknown conversation": Bad(a_body(conversation_id=new_conversation_id()), 404, "not_found"),
    "parent of nothing": Bad(
        a_body(parent_id="msg_01ARZ3NDEKTSV4RRFFQ69G5FAV"), 422, "unknown_parent"
    ),
    "unknown model": Bad(a_body(model="openai:gpt-9"), 422, "unknown_model"),
    "not JSON": Bad("hello", 400, "invalid_json"),
    "cut JSON": Bad('{"content": "hel', 400, "invalid_json"),
    "nested without end": Bad("[" * 16_000, 400, "invalid_json"),
    "number without end": Bad('{"content": ' + "9" * 10_000 + "}", 400, "invalid_json"),
    "a list": Bad([a_body()], 400, "body_not_an_object"),
    "null": Bad("null", 400, "body_not_an_object"),
    "no body": Bad(None, 422, "body_missing"),
    "over 64 KB": Bad(a_body(content="a" * 65_600), 413, "body_too_large"),
    "over 64 KB in bytes": Bad(
        json.dumps(a_body(content="😀" * 16_400), ensure_ascii=False), 413, "body_too_large"
    ),
    "a form": Bad(
        "content=hello",
        415,
        "unsupported_media_type",
        KEY | {"content-type": "application/x-www-form-urlencoded"},
    ),
    "no key": Bad(a_body(), 400, "idempotency_key_missing", {}),
    "short key": Bad(a_body(), 400, "idempotency_key_invalid", {"idempotency-key": "k" * 7}),
    "long key": Bad(a_body(), 400, "idempotency_key_invalid", {"idempotency-key": "k" * 129}),
    "key with a space": Bad(
        a_body(), 400, "idempotency_key_invalid", {"idempotency-key": "key 0001"}
    ),
}


@pytest.mark.parametrize("bad", BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
def test_a_bad_message_is_refused_and_leaves_nothing(edge: Edge, bad: Bad) -> None:
    answer = call("POST", "/chat", body=bad.body, caller=a_caller(), headers=bad.headers)
    assert (answer.status, answer.code) == (bad.status, bad.code)
    assert edge.items() == 0
    assert edge.is_queue_empty()


def test_a_message_at_the_limit_is_taken(edge: Edge) -> None:
    answer = call("POST", "/chat", body=a_body(content="a" * 8000), caller=a_caller(), headers=KEY)
    assert answer.status == 202
    assert not edge.is_queue_empty()


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
def test_the_key_is_found_however_the_header_is_spelled(edge: Edge, name: str) -> None:
    answer = call("POST", "/chat", body=a_body(), caller=a_caller(), headers={name: "key-0001"})
    assert answer.status == 202
    assert len(edge.stored("JOB")) == 1


def test_a_problem_names_each_field_and_never_its_value(edge: Edge) -> None:
    body = {"content": 17, "secret-name": "secret-value"}
    answer = call("POST", "/chat", body=body, caller=a_caller(), headers=KEY)
    errors = {error["field"]: error["code"] for error in answer.json["errors"]}
    assert errors == {"content": "wrong_type", "secret-name": "unknown_field"}
    assert "secret-value" not in answer.text
    assert edge.items() == 0


BAD_PATHS: dict[str, tuple[str, str, Any, int, str]] = {
    "no such path": ("GET", "/conversations/x/y/z", None, 404, "not_found"),
    "no such method": ("PUT", "/conversations", None, 404, "not_found"),
    "malformed job": ("GET", "/jobs/1", None, 404, "not_found"),
    "malformed message": ("POST", "/messages/1/replies", {}, 404, "not_found"),
    "malformed conversation": ("GET", "/conversations/1", None, 404, "not_found"),
    "limit 0": ("GET", "/conversations?limit=0", None, 422, "limit_out_of_range"),
    "limit 101": ("GET", "/conversations?limit=101", None, 422, "limit_out_of_range"),
    "limit is a word": ("GET", "/conversations?limit=all", None, 422, "limit_wrong_type"),
    "cursor is a word": ("GET", "/conversations?cursor=all", None, 422, "cursor_wrong_format"),
}


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("bad", BAD_PATHS.values(), ids=BAD_PATHS.keys())
def test_a_bad_path_or_query_is_refused(bad: tuple[str, str, Any, int, str]) -> None:
    method, path, body, status, code = bad
    answer = call(method, path, body=body, caller=a_caller(), headers=KEY)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("", "title_empty"),
        ("  ", "title_empty"),
        ("t" * 81, "title_too_long"),
        (1, "title_wrong_type"),
    ],
)
@pytest.mark.usefixtures("edge")
def test_a_bad_title_is_refused(title: object, code: str) -> None:
    path = f"/conversations/{new_conversation_id()}"
    answer = call("PATCH", path, body={"title": title}, caller=a_caller())
    assert (answer.status, answer.code) == (422, code)
