"""From pydantic's errors to ours: a field, a stable code and a sentence for each.

The code of a problem is that of its one error, `content_too_long`; with several it is
`validation_failed`. Texts are our own: pydantic's may quote what was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from lambdas.schemas import FieldProblem

# Pydantic's error types: https://docs.pydantic.dev/latest/errors/validation_errors/
_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "wrong_format",
    "string_unicode": "not_unicode",
    "empty": "empty",
    "control_character": "control_character",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "int_parsing": "wrong_type",
    "json_invalid": "invalid_json",
}

_MESSAGES = {
    "missing": "This field is required.",
    "unknown_field": "There is no such field.",
    "empty": "Write something.",
    "too_short": "This is too short: {min_length} characters at least.",
    "too_long": "This is too long: {max_length} characters at most.",
    "wrong_format": "This does not have the right form.",
    "not_unicode": "This is not valid Unicode text.",
    "control_character": "This holds a character that is not allowed.",
    "out_of_range": "This number is out of range.",
    "wrong_type": "This does not have the right type.",
    "invalid_json": "The body is not JSON.",
}

_IDEMPOTENCY_KEY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Headline:
    """What the problem as a whole says. `is_about_fields`: its list of errors says more."""

    status: HTTPStatus
    code: str
    detail: str
    is_about_fields: bool = True


def field_problems(errors: Sequence[dict[str, Any]]) -> list[FieldProblem]:
    """Read pydantic's errors; a `loc` begins with body, query, path or header."""
    return [_field_problem(error) for error in errors]


def field_problem(field: str, code: str) -> FieldProblem:
    """What is wrong with a field that pydantic found nothing wrong with."""
    return FieldProblem(field=field, code=code, message=_MESSAGES[code])


def headline(errors: Sequence[FieldProblem]) -> Headline:
    """Sum up what is wrong with a request. A malformed id in a path names nothing: 404."""
    first = errors[0]
    if any(error.field.startswith("path.") for error in errors):
        return Headline(HTTPStatus.NOT_FOUND, "not_found", "There is none.", is_about_fields=False)
    if any(error.field == _IDEMPOTENCY_KEY for error in errors):
        return _about_the_key(errors)
    if len(errors) > 1:
        detail = "Several fields are wrong."
        return Headline(HTTPStatus.UNPROCESSABLE_ENTITY, "validation_failed", detail)
    code = first.code
    if code == "invalid_json":
        return Headline(HTTPStatus.BAD_REQUEST, code, first.message, is_about_fields=False)
    if code != "unknown_field":
        code = f"{first.field.replace('.', '_')}_{code}"
    return Headline(HTTPStatus.UNPROCESSABLE_ENTITY, code, f"{first.field}: {first.message}")


def _about_the_key(errors: Sequence[FieldProblem]) -> Headline:
    found = next(error for error in errors if error.field == _IDEMPOTENCY_KEY)
    if found.code == "missing":
        code, detail = "idempotency_key_missing", "Send an Idempotency-Key header, new per message."
    else:
        code = "idempotency_key_invalid"
        detail = "An Idempotency-Key is 8 to 128 visible ASCII characters."
    return Headline(HTTPStatus.BAD_REQUEST, code, detail)


def _field_problem(error: dict[str, Any]) -> FieldProblem:
    code = _code(error)
    context: dict[str, Any] = error.get("ctx") or {}
    return FieldProblem(
        field=_field(error["loc"]), code=code, message=_MESSAGES[code].format_map(context)
    )


def _code(error: dict[str, Any]) -> str:
    kind: str = error["type"]
    if kind == "string_too_short":
        return "empty" if error["ctx"]["min_length"] == 1 else "too_short"
    return _CODES.get(kind, "wrong_type")


def _field(loc: Sequence[str | int]) -> str:
    """`content` for a field of the body or the query, `path.id` for a piece of the path."""
    where, *names = (str(part) for part in loc)
    if where == "header":
        return _IDEMPOTENCY_KEY if names[0].lower() == _IDEMPOTENCY_KEY.lower() else names[0]
    if where == "path":
        return ".".join([where, *names])
    return ".".join(names) or where
