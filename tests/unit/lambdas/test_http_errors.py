"""From an error to an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from lambdas import refusals
from lambdas.http_errors import STATUS, refusal_of
from prosa import errors
from prosa.errors import ProsaError

EXPECTED: dict[Exception, tuple[int, str]] = {
    errors.NotFound("job"): (404, "not_found"),
    errors.Conflict("x"): (409, "conflict"),
    errors.EmailTaken(): (409, "email_taken"),
    errors.IdempotencyMismatch(): (422, "idempotency_key_reused"),
    errors.Unauthenticated("x"): (401, "unauthenticated"),
    errors.TokenInvalid("x"): (401, "token_invalid"),
    errors.TokenExpired("x"): (401, "token_expired"),
    errors.BadCredentials(): (401, "bad_credentials"),
    errors.SessionRevoked(): (401, "session_revoked"),
    errors.Unavailable("x"): (503, "unavailable"),
    errors.SettingsError("X", "y"): (500, "internal_error"),
    errors.Fenced("x"): (500, "internal_error"),
    errors.Superseded("x"): (500, "internal_error"),
    errors.UnreadableJob("x"): (500, "internal_error"),
    errors.ProsaError("x"): (500, "internal_error"),
    refusals.BadRequest("invalid_json", "x"): (400, "invalid_json"),
    refusals.BodyTooLarge(limit_bytes=1): (413, "body_too_large"),
    refusals.UnsupportedMediaType(): (415, "unsupported_media_type"),
    refusals.InvalidField("email", "wrong_format"): (422, "email_wrong_format"),
    refusals.Forbidden("guests_disabled", "x"): (403, "guests_disabled"),
    refusals.UnknownModel(): (422, "unknown_model"),
    refusals.UnknownParent(): (422, "unknown_parent"),
    refusals.TooMany("rate_limited", "x", retry_after_s=7): (429, "rate_limited"),
    refusals.ModelsUnavailable(retry_after_s=7): (503, "models_unavailable"),
    NotFoundError(): (404, "not_found"),
    ZeroDivisionError(): (500, "internal_error"),
}


@pytest.mark.parametrize("error", EXPECTED, ids=lambda error: type(error).__name__)
def test_every_error_has_its_status_and_code(error: Exception) -> None:
    problem = refusal_of(error).problem
    assert (problem.status, problem.code) == EXPECTED[error]
    assert problem.type == "about:blank"
    assert problem.title
    assert problem.detail


def _kinds(base: type[ProsaError]) -> Iterator[type[ProsaError]]:
    yield base
    for kind in base.__subclasses__():
        yield from _kinds(kind)


def test_no_error_of_ours_is_left_out_of_the_list_above() -> None:
    ours = {kind for kind in _kinds(ProsaError) if kind.__module__.startswith(("prosa", "lambdas"))}
    assert ours <= {type(error) for error in EXPECTED}


def test_the_table_lists_no_error_twice_for_nothing() -> None:
    """An entry that says what its base says already would hide a change of the base."""
    for kind, status in STATUS.items():
        inherited = [STATUS[base] for base in kind.__mro__[1:] if base in STATUS]
        assert not inherited or inherited[0] != status, kind


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (refusals.TooMany("rate_limited", "x", retry_after_s=7), "7"),
        (errors.Unavailable("x"), "2"),
        (errors.NotFound("job"), None),
    ],
)
def test_who_may_come_again_is_told_when(error: Exception, seconds: str | None) -> None:
    assert refusal_of(error).response().headers.get("Retry-After") == seconds


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("secret"),
        errors.SettingsError("SECRET", "s"),
        errors.Unavailable("secret"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_our_fault_is_logged_and_not_told(error: Exception) -> None:
    refusal = refusal_of(error)
    assert refusal.is_ours
    body = refusal.response().body or ""
    assert "secret" not in body.lower()
    assert "errors" not in json.loads(body)


def test_the_fault_of_a_client_is_not_ours() -> None:
    assert not refusal_of(errors.NotFound("job")).is_ours
