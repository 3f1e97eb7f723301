"""API Gateway with its authorizer before the real handlers: what a token, and no other, may reach.

Runs in functions' processes: `Program(main="tests.faults.edge:perform")`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from lambdas import bootstrap
from lambdas.caller import Caller
from prosa.clock import from_epoch_ms
from prosa.errors import SessionRevoked
from prosa.ids import UserId
from tests.function_roles import declared
from tests.integration.lambdas.gateway import Answer, authorize, call

PROBLEM = {"content-type": "application/problem+json"}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One that is deployed. `is_protected`: the authorizer stands before it."""

    method: str
    path: str
    is_protected: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def routes() -> tuple[Route, ...]:
    """All that `serverless.yml` deploys: a new one cannot be forgotten."""
    functions: dict[str, Any] = declared("serverless.yml")["functions"]
    events = [each for function in functions.values() for each in function.get("events", ())]
    found = [event["http"] for event in events if "http" in event]
    return tuple(
        Route(method=http["method"].upper(), path=http["path"], is_protected="authorizer" in http)
        for http in found
    )


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A request as it comes in from outside. `route` is the one its `path` belongs to."""

    route: Route
    path: str
    authorization: str | None = None
    body: object = None
    headers: Mapping[str, str] | None = None


def perform(what: str, *arguments: Any) -> Any:
    """`ask` or `refresh_at_once`: one process serves both."""
    return {"ask": ask, "refresh_at_once": refresh_at_once}[what](*arguments)


def ask(sent: Ask) -> Answer:
    """Answer one request. A handler behind the authorizer sees only what that found out."""
    headers = dict(sent.headers or {})
    if sent.authorization is not None:
        headers["authorization"] = sent.authorization
    request: dict[str, Any] = {"body": sent.body, "headers": headers}
    if not sent.route.is_protected:
        return call(sent.route.method, sent.path, **request)
    if not sent.authorization:  # then API Gateway does not even ask
        return _refused("unauthenticated")
    policy = authorize(sent.authorization)
    context = policy["context"]
    if policy["policyDocument"]["Statement"][0]["Effect"] != "Allow":
        return _refused("token_invalid")
    caller = Caller(
        UserId(context["user_id"]),
        context["session_id"],
        from_epoch_ms(int(context["session_ends_at"])),
    )
    return call(sent.route.method, sent.path, caller=caller, **request)


def refresh_at_once(token: str, times: int) -> list[str]:
    """Use a refresh token so often at the same moment; gives each successor, "" for a refusal.

    Below the handler, whose framework serves one request at a time.
    """
    sign_in = bootstrap.sign_in()

    def refresh(_: int) -> str:
        try:
            return sign_in.refresh(token).refresh_token
        except SessionRevoked:
            return ""

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(refresh, range(times)))


def _refused(code: str) -> Answer:
    """As `infra/functions/errors.yml` has API Gateway say it."""
    return Answer(401, PROBLEM, json.dumps({"status": 401, "code": code}))
