"""What a route may answer, for the OpenAPI document: its success, and each problem by status."""

from __future__ import annotations

from http import HTTPStatus

from aws_lambda_powertools.event_handler.openapi.types import (
    OpenAPIResponse,
    OpenAPIResponseHeader,
)

PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}

SIGNED_IN: list[dict[str, list[str]]] = [{"access_token": []}]
"""`security` of a route that takes a `CurrentCaller`; the name is one of `openapi.py`."""

_RETRY_AFTER: OpenAPIResponseHeader = {
    "description": "Seconds to wait.",
    "schema": {"type": "integer"},
}
_WITH_RETRY_AFTER = {429, 503}


def responses(success: int, description: str, *problems: int) -> dict[int, OpenAPIResponse]:
    """`success` carries what the route returns; any route may fail on our side (500)."""
    found: dict[int, OpenAPIResponse] = {success: {"description": description}}
    if success == HTTPStatus.NO_CONTENT:
        found[success]["content"] = {}
    for status in sorted({*problems, 500}):
        found[status] = _problem(status)
    return found


def _problem(status: int) -> OpenAPIResponse:
    found: OpenAPIResponse = {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA}},
    }
    if status in _WITH_RETRY_AFTER:
        found["headers"] = {"Retry-After": _RETRY_AFTER}
    return found
