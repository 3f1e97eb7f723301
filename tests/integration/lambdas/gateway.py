"""API Gateway as the handlers see it: events in the shape a REST API sends (payload version 1.0).

The shape is the one recorded from a deployed API, and is checked against it by the tests of the
whole stack.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import unquote_plus

from lambdas.caller import Caller
from lambdas.handlers import auth, authorizer, chat, conversations, meta, search, tickets
from lambdas.openapi import PATH as DOCUMENT
from prosa.clock import utc_now
from prosa.ids import UserId, new_user_id
from tests.function_roles import as_function

STAGE_ARN = "arn:aws:execute-api:us-east-1:000000000000:abcdef1234/test"
_HANDLERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "auth": auth.lambda_handler,
    "chat": chat.lambda_handler,
    "messages": chat.lambda_handler,
    "jobs": chat.lambda_handler,
    "conversations": conversations.lambda_handler,
    "conversations/search": search.lambda_handler,
    "ws-tickets": tickets.lambda_handler,
    "models": meta.lambda_handler,
    "health": meta.lambda_handler,
    "openapi.json": meta.lambda_handler,
}


@dataclass(frozen=True)
class Context:
    """What Lambda tells a function about its invocation."""

    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"


@dataclass(frozen=True)
class Answer:
    """What API Gateway would send."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The code of a problem, which must be one."""
        assert self.headers["content-type"] == "application/problem+json", self.text
        problem = self.json
        assert problem["status"] == self.status
        assert problem["type"] == "about:blank"
        assert problem["title"]
        assert problem["detail"]
        return problem["code"]


def a_caller(
    user_id: UserId | None = None, *, session_id: str = "session-1", for_s: float = 900
) -> Caller:
    return Caller(user_id or new_user_id(), session_id, utc_now() + timedelta(seconds=for_s))


def event(
    method: str,
    path: str,
    *,
    body: object = None,
    caller: Caller | None = None,
    headers: Mapping[str, str] | None = None,
    ip: str = "203.0.113.7",
) -> dict[str, Any]:
    """One request's event. `body` is sent as it is when it is text, else as JSON."""
    path, _, query = path.partition("?")
    pairs = [
        [unquote_plus(part) for part in pair.split("=", 1)] for pair in query.split("&") if pair
    ]
    resource = _resource(path)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    sent = {"content-type": "application/json", **(headers or {})}
    return {
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(pairs) or None,
        "multiValueQueryStringParameters": _by_name(pairs) or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "stage": "test",
            "path": f"/test{path}",
            "resourcePath": resource,
            "httpMethod": method,
            "identity": {"sourceIp": ip},
            **({"authorizer": caller.as_context()} if caller else {}),
        },
        "body": text,
        "isBase64Encoded": False,
    }


def call(method: str, path: str, **request: Any) -> Answer:
    """Send one request to the function its path belongs to, under that function's role."""
    named = path.lstrip("/").partition("?")[0]
    handler = _HANDLERS.get(named) or _HANDLERS[named.partition("/")[0]]
    with as_function(handler.__module__.rpartition(".")[2]):
        return answer(handler(event(method, path, **request), Context()))


def answer(raw: dict[str, Any]) -> Answer:
    """Read what a function answered, as API Gateway does."""
    headers = {k.lower(): ", ".join(v) for k, v in raw["multiValueHeaders"].items()}
    return Answer(raw["statusCode"], headers, raw["body"] or "")


def authorize(authorization: str | None, *, header: str = "authorization") -> dict[str, Any]:
    """Ask the authorizer about a header; gives its policy document and context."""
    headers = {} if authorization is None else {header: authorization}
    request = event("GET", "/conversations", headers=headers)
    request |= {"type": "REQUEST", "methodArn": f"{STAGE_ARN}/GET/conversations"}
    with as_function("authorizer"):
        return authorizer.lambda_handler(request, Context())  # pyright: ignore[reportArgumentType]


def _resource(path: str) -> str:
    paths = json.loads(DOCUMENT.read_text())["paths"]
    if path in paths:  # before a template that it fits, too
        return path
    for template in paths:
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return template
    return path


def _by_name(pairs: list[list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
