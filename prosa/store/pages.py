"""Pages of a listing and their opaque cursors."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Page(Generic[Thing]):
    """Some things, and the opaque cursor of those after them; None at the end."""

    items: tuple[Thing, ...]
    next_cursor: str | None


class InvalidCursor(ValueError):
    """Not a cursor this store gave."""


def encode_cursor(last: dict[str, Any] | None) -> str | None:
    if last is None:
        return None
    plain = {name: value["S"] for name, value in last.items()}
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


def start_at(cursor: str | None, *, owner: str) -> dict[str, Any]:
    """Where a page begins. A cursor that leads out of `owner`'s items is none of ours."""
    if cursor is None:
        return {}
    try:
        plain: dict[str, str] = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        leads_to = plain.get("GSI1PK", plain["PK"])
        start = {name: {"S": str(value)} for name, value in plain.items()}
    except (binascii.Error, ValueError, KeyError, AttributeError, TypeError) as exc:
        raise InvalidCursor from exc
    if leads_to != owner:
        raise InvalidCursor
    return {"ExclusiveStartKey": start}
