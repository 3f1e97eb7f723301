"""What all HTTP handlers share: from API Gateway's event to its answer.

A handler declares routes on a `Router` and gives it to `answer`. Here is what surrounds them: the
body's limit, who asks, CORS, errors as problems, and the line in the log.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import (
    APIGatewayRestResolver,
    Depends,
    Request,
    Response,
)
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import bootstrap
from lambdas.body import check_body, parse_json
from lambdas.caller import Caller
from lambdas.cors import cors_headers
from lambdas.headers import header
from lambdas.http_errors import refusal_of
from lambdas.request_log import RequestLine, logger, note
from prosa.errors import SettingsError

Event = dict[str, Any]


def answer(router: Router, event: Event, context: LambdaContext) -> dict[str, Any]:
    """Answer one request. Never raises: what leaves a handler is a problem, too."""
    line = RequestLine(event, context)
    try:
        check_body(event)
        if event["httpMethod"] == "OPTIONS":  # a preflight: the headers below answer it
            found = _as_answer(Response(status_code=204, body=""))
        else:
            found = _resolver(router).resolve(event, context)
            # A 204 has no body: API Gateway takes null for that, an emulator may trip over it.
            found["body"] = found["body"] or ""
    except Exception as error:  # noqa: BLE001 - the edge of the process
        found = _as_answer(_refuse(error))
    found["multiValueHeaders"].update({k: [v] for k, v in _headers(event).items()})
    line.end(found["statusCode"])
    return found


def current_caller(request: Request) -> Caller:
    """Who sent this request. Raises Unauthenticated, TokenExpired."""
    event = request.resolved_event.raw_event
    caller = Caller.from_context(event["requestContext"].get("authorizer") or {})
    note(user_id=caller.user_id)
    return caller


CurrentCaller = Annotated[Caller, Depends(current_caller)]
"""A handler that takes this parameter answers signed-in callers only."""


@cache
def _resolver(router: Router) -> APIGatewayRestResolver:
    resolver = APIGatewayRestResolver(
        enable_validation=True,
        # Else an answer of ours that breaks its own schema would be blamed on the request.
        response_validation_error_http_code=500,
        json_body_deserializer=parse_json,
    )
    resolver.include_router(router)
    resolver.exception_handler(Exception)(_refuse)
    return resolver


def _refuse(error: Exception) -> Response[str]:
    refusal = refusal_of(error)
    note(code=refusal.problem.code)
    if refusal.is_ours:
        logger().error("failed", exc_info=error)
    return refusal.response()


def _as_answer(response: Response[str]) -> dict[str, Any]:
    return {
        "statusCode": response.status_code,
        "multiValueHeaders": {k: [v] for k, v in response.headers.items()},
        "body": response.body,
        "isBase64Encoded": False,
    }


def _headers(event: Event) -> dict[str, str]:
    origin = header(event, "origin")
    is_preflight = event.get("httpMethod") == "OPTIONS"
    return {
        # What is answered belongs to one user, and may hold tokens.
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        **cors_headers(origin, _allowed_origins(), is_preflight=is_preflight),
    }


def _allowed_origins() -> tuple[str, ...]:
    try:
        return bootstrap.settings().allowed_origins
    except SettingsError:  # whoever asked is being told already
        return ()
