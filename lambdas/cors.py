"""CORS: which other origins' pages may read our answers. Exact names, errors included."""

from __future__ import annotations

from collections.abc import Collection

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}


def cors_headers(
    origin: str | None, allowed: Collection[str], *, is_preflight: bool
) -> dict[str, str]:
    """The headers for a request from `origin`; none for an origin that is not on the list.

    Credentials stay off: tokens travel in a header, and no cookie is ever read.
    """
    if origin is None or origin not in allowed:
        return {}
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }
    return headers | (_PREFLIGHT if is_preflight else {})
