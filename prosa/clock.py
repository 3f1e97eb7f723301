"""Time on the wire: UTC, ISO-8601, milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer


def utc_now() -> datetime:
    """Return the current time, cut to the millisecond the wire carries."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def to_iso(moment: datetime) -> str:
    """Write `2026-01-31T09:05:00.123Z`; the strings sort as the moments do."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )


def from_iso(text: str) -> datetime:
    """Read what `to_iso` wrote. Raises ValueError on anything that is not a time with a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}")
    return moment.astimezone(UTC)


def to_epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, UTC."""
    return round(moment.timestamp() * 1000)


def from_epoch_ms(milliseconds: int) -> datetime:
    """The moment `milliseconds` after 1970, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)


def _must_have_zone(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("time without a zone")
    return moment.astimezone(UTC)


Timestamp = Annotated[
    datetime,
    AfterValidator(_must_have_zone),
    PlainSerializer(to_iso, return_type=str, when_used="json"),
]
"""A datetime in UTC that goes over the wire as `to_iso` writes it."""
