"""From an error to an answer: the only place that knows both errors and HTTP statuses.

`api.py` asks `refusal_of` for whatever a handler raises. Every answer is a problem (RFC 9457) with
a stable `code`; what went wrong inside is in the log, never in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from lambdas.field_problems import field_problem, field_problems, headline
from lambdas.refusals import (
    BadRequest,
    BodyTooLarge,
    Forbidden,
    InvalidField,
    ModelsUnavailable,
    TooMany,
    UnknownModel,
    UnknownParent,
    UnsupportedMediaType,
)
from lambdas.schemas import FieldProblem, Problem
from prosa.errors import (
    Conflict,
    IdempotencyMismatch,
    NotFound,
    ProsaError,
    Unauthenticated,
    Unavailable,
)
from prosa.store.pages import InvalidCursor

PROBLEM_JSON = "application/problem+json"
OUTAGE_RETRY_S = 2
"""What a client is asked to wait when something we stand on is away."""

# The most derived class of an error that is listed decides.
STATUS: Mapping[type[ProsaError], HTTPStatus] = {
    ProsaError: HTTPStatus.INTERNAL_SERVER_ERROR,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    IdempotencyMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelsUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    BadRequest: HTTPStatus.BAD_REQUEST,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    InvalidField: HTTPStatus.UNPROCESSABLE_ENTITY,
    Forbidden: HTTPStatus.FORBIDDEN,
    UnknownModel: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownParent: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no. `is_ours`: the fault is on this side, so the log gets a traceback."""

    problem: Problem
    retry_after_s: int | None = None
    is_ours: bool = False

    def response(self) -> Response[str]:
        """The answer in powertools' words."""
        headers: dict[str, str | list[str]] = {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        return Response(
            status_code=self.problem.status,
            content_type=PROBLEM_JSON,
            body=self.problem.model_dump_json(exclude_none=True),
            headers=headers,
        )


def refusal_of(error: Exception) -> Refusal:
    """What the client is told about `error`."""
    if isinstance(error, RequestValidationError):
        return _invalid(field_problems(error.errors()))
    if isinstance(error, ServiceError):  # powertools' own: no route fits
        status = HTTPStatus(error.status_code)
        return Refusal(_problem(status, "not_found", "There is no such path or method."))
    if isinstance(error, InvalidField):
        return _invalid([field_problem(error.field, error.reason)])
    if isinstance(error, InvalidCursor):
        return _invalid([field_problem("cursor", "wrong_format")])
    if isinstance(error, ProsaError):
        return _refused(error)
    return _OUR_FAULT


def _refused(error: ProsaError) -> Refusal:
    status = next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _OUR_FAULT
    if isinstance(error, Unavailable):
        detail = "Something this service stands on does not answer. Try again in a moment."
        return Refusal(_problem(status, error.code, detail), OUTAGE_RETRY_S, is_ours=True)
    is_later = isinstance(error, (TooMany, ModelsUnavailable))
    retry_after_s = error.retry_after_s if is_later else None
    return Refusal(_problem(status, error.code, error.detail), retry_after_s)


def _invalid(errors: list[FieldProblem]) -> Refusal:
    found = headline(errors)
    problem = _problem(found.status, found.code, found.detail)
    return Refusal(problem.model_copy(update={"errors": errors} if found.is_about_fields else {}))


def _problem(status: HTTPStatus, code: str, detail: str) -> Problem:
    return Problem(title=status.phrase, status=status.value, code=code, detail=detail)


_OUR_FAULT = Refusal(
    _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal_error",
        "Something went wrong on our side. Try again.",
    ),
    is_ours=True,
)
