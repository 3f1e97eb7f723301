"""Refusals before the upgrade: RFC 9457 problem details with a stable `code`.

A page sees none of it, only that the socket failed; other clients, proxies and people do.
"""

from __future__ import annotations

import json
from email.utils import formatdate
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Response


def problem(status: HTTPStatus, code: str, detail: str, *, retry_after_s: int = 0) -> Response:
    """Build the response. `retry_after_s` 0 sends no Retry-After."""
    body = json.dumps(
        {"type": "about:blank", "title": status.phrase, "status": status, "code": code}
        | {"detail": detail}
    ).encode()
    headers = Headers(
        {
            "Date": formatdate(usegmt=True),
            "Connection": "close",
            "Content-Type": "application/problem+json",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
        }
    )
    if retry_after_s:
        headers["Retry-After"] = str(retry_after_s)
    return Response(status.value, status.phrase, headers, body)
