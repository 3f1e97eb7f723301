"""The log of the edge: one line a request, with ids and numbers. Never a body, never a token.

`api.py` begins and ends a request's line, handlers add what they know to it with `note`.
An invocation has its process to itself, so the line is the process's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

SERVICE = "prosa-edge"


@cache
def logger() -> Logger:
    """The process's logger; it writes JSON to standard output, where Lambda collects it."""
    return Logger(service=SERVICE, utc=True, use_rfc3339=True)


def note(**fields: str | int | None) -> None:
    """Add fields to the line of the request that is being answered."""
    logger().append_keys(**fields)


class RequestLine:
    """The line of one request, from its begin to its `end`."""

    def __init__(self, event: Mapping[str, Any], context: LambdaContext) -> None:
        self._began = time.perf_counter()
        request: Mapping[str, Any] = event.get("requestContext") or {}
        logger().clear_state()
        note(
            request_id=request.get("requestId"),
            function_request_id=context.aws_request_id,
            method=event.get("httpMethod"),
            route=event.get("resource"),
        )

    def end(self, status: int) -> None:
        """Write the line."""
        duration_ms = round((time.perf_counter() - self._began) * 1000, 1)
        logger().info("request", extra={"status": status, "duration_ms": duration_ms})
