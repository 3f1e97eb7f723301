"""What the server does with one request: answer, or one of the ways providers fail."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """How a request goes wrong. `MID_` is after `Script.fault_after` pieces of text."""

    NONE = "none"
    STATUS = "status"
    """An error status, with `Script.status`, `error` and `headers`."""
    HANG = "hang"
    """Silence instead of headers."""
    RESET = "reset"
    """The connection is reset before any header."""
    MID_HANG = "mid_hang"
    MID_RESET = "mid_reset"
    MID_CUT = "mid_cut"
    """The body ends early and cleanly: to HTTP all is well."""
    MID_ERROR = "mid_error"
    """The API's own error event."""
    MID_GARBAGE = "mid_garbage"
    """An event whose data is no JSON."""
    FAILED = "failed"
    """OpenAI's `response.failed`."""


class Gate:
    """Holds an answer until the test opens it."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    @property
    def is_open(self) -> bool:
        return self._open.is_set()


@dataclass(frozen=True, kw_only=True)
class Script:
    """One answer. `text` None answers with what was asked."""

    text: str | None = None
    piece_chars: int = 4
    pieces_per_s: float | None = None
    """None is as fast as it goes."""
    hold_after: int | None = None
    """Pieces after which the answer waits for `gate`; 0 is before the first, after the headers."""
    gate: Gate = field(default_factory=Gate)
    fault: Fault = Fault.NONE
    fault_after: int = 2
    status: int = 500
    error: Mapping[str, Any] = field(
        default_factory=lambda: {"type": "server_error", "code": "server_error", "message": "no"}
    )
    """The error object: of a status, of the error event, of `response.failed`."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    end: str | None = None
    """Why it ended, in the API's own words; None is the ordinary end."""

    def pieces(self, question: str) -> list[str]:
        """The text of the answer as it is streamed."""
        text = f"You said: {question}" if self.text is None else self.text
        return [text[i : i + self.piece_chars] for i in range(0, len(text), self.piece_chars)]
