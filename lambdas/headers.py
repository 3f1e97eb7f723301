"""Request headers by name, however the client or API Gateway spelled it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def header(event: Mapping[str, Any], name: str) -> str | None:
    """The value of a header; None when it is not there. API Gateway joins none that come twice."""
    headers: Mapping[str, str] = event.get("headers") or {}
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), None)
