"""Refusals before the upgrade: RFC 9457 problem details with a stable `code`.

A page sees none of it, only that the socket failed; other clients, proxies and people do.
"""

from __future__ import annotations

import json
from email.utils import formatdate

from websockets.datastructures import Headers
from websockets.http11 import Response

from ws_gateway.reception import Refusal


def problem(refusal: Refusal) -> Response:
    """Build the response as `websockets` sends it."""
    body = problem_body(refusal)
    headers = Headers(
        {
            "Date": formatdate(usegmt=True),
            "Connection": "close",
            "Content-Length": str(len(body)),
            **problem_headers(refusal),
        }
    )
    return Response(refusal.status.value, refusal.status.phrase, headers, body)


def problem_body(refusal: Refusal) -> bytes:
    return json.dumps(
        {
            "type": "about:blank",
            "title": refusal.status.phrase,
            "status": refusal.status,
            "code": refusal.code,
            "detail": refusal.detail,
        }
    ).encode()


def problem_headers(refusal: Refusal) -> dict[str, str]:
    """The headers that tell of it, on whatever server."""
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    if refusal.retry_after_s:
        headers["Retry-After"] = str(refusal.retry_after_s)
    return headers
