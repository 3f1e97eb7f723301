"""Reading a request's body: JSON, an object, and no longer than any request of this API needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.headers import header
from lambdas.refusals import BadRequest, BodyTooLarge, UnsupportedMediaType

BODY_MAX_BYTES = 64 * 1024
"""The most that AWS WAF can be told to look into: a longer body could hide from it. A message of
8,000 characters fits in any language (docs/adr/0013-the-body-limit-fits-every-language.md)."""

_JSON = "application/json"


def check_body(event: Mapping[str, Any]) -> None:
    """Refuse a body before anything reads it. Raises BodyTooLarge, UnsupportedMediaType."""
    body: str = event.get("body") or ""
    # In UTF-8 a character has one byte at least: most bodies are measured without encoding them.
    if len(body) > BODY_MAX_BYTES or len(body.encode(errors="surrogatepass")) > BODY_MAX_BYTES:
        raise BodyTooLarge(limit_bytes=BODY_MAX_BYTES)
    media_type = (header(event, "content-type") or _JSON).partition(";")[0].strip().lower()
    # The API declares no binary types, so what comes as base64 is none of ours.
    if body and (event.get("isBase64Encoded") or media_type != _JSON):
        raise UnsupportedMediaType


def parse_json(text: str) -> dict[str, Any]:
    """Read a JSON object. Raises BadRequest for anything else.

    Also for what brings the parser down: nesting without end, a number of thousands of digits.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadRequest("invalid_json", "The body is not JSON.") from exc
    if not isinstance(value, dict):
        raise BadRequest("body_not_an_object", "The body must be a JSON object.")
    return value  # pyright: ignore[reportUnknownVariableType] - json gives str keys
