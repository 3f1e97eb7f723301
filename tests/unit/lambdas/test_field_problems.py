"""What is wrong with a field, in our own words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from pydantic import ValidationError

from lambdas.field_problems import field_problem, field_problems, headline
from lambdas.schemas import Credentials, SendMessage


def errors_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Pydantic's errors, as powertools hands them on."""
    with pytest.raises(ValidationError) as caught:
        SendMessage.model_validate(body)
    return [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]


def test_a_message_says_the_limit() -> None:
    (problem,) = field_problems(errors_of({"content": "a" * 8001}))
    assert problem.field == "content"
    assert problem.code == "too_long"
    assert "8000" in problem.message


def test_a_value_is_never_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Credentials.model_validate({"email": "a@b.c", "password": "secret!"})
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    (problem,) = field_problems(errors)
    assert problem.code == "too_short"
    assert "secret!" not in problem.model_dump_json()


def test_one_error_gives_the_problem_its_code_and_several_do_not() -> None:
    assert headline([field_problem("content", "empty")]).code == "content_empty"
    assert headline([field_problem("evil", "unknown_field")]).code == "unknown_field"
    two = [field_problem("content", "empty"), field_problem("evil", "unknown_field")]
    assert headline(two).code == "validation_failed"


def test_an_error_of_a_kind_we_do_not_know_is_a_wrong_type() -> None:
    error = {"type": "url_parsing", "loc": ("query", "limit"), "msg": "secret"}
    (problem,) = field_problems([error])
    assert (problem.field, problem.code) == ("limit", "wrong_type")
    assert "secret" not in problem.message


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key"])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("missing", "idempotency_key_missing"),
        ("string_pattern_mismatch", "idempotency_key_invalid"),
    ],
)
def test_the_key_comes_before_all_else(name: str, kind: str, code: str) -> None:
    about_the_key = {"type": kind, "loc": ("header", name)}
    found = headline(field_problems([*errors_of({}), about_the_key]))
    assert (found.status, found.code) == (HTTPStatus.BAD_REQUEST, code)


def test_a_malformed_id_in_a_path_names_nothing() -> None:
    error = {"type": "string_pattern_mismatch", "loc": ("path", "id")}
    found = headline(field_problems([error]))
    assert (found.status, found.code) == (HTTPStatus.NOT_FOUND, "not_found")
    assert not found.is_about_fields
