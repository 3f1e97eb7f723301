"""Why the gateway closes a socket: the one table. `web/src/socket/closeCodes.ts` mirrors it.

The range says what a client should do that does not know a code: 1012 and 4000-4499 reconnect,
4500-4999 stay away.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class CloseCode(IntEnum):
    """A close code; `meaning` is also the reason sent along."""

    meaning: str

    RESTART = 1012, "This node restarts: reconnect, another one resumes."
    SESSION_OVER = 4401, "The session ended without renewal: get a new token, then reconnect."
    SLOW_READER = 4408, "What was sent is not being read: reconnect and resume."
    TOO_MANY = 4429, "Too many frames or connections: reconnect later."
    PROTOCOL_ERROR = 4500, "Frames that make no sense: reconnecting would not help."
    FORBIDDEN = 4503, "The ticket belongs to another user."

    def __new__(cls, code: int, meaning: str) -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    @property
    def may_reconnect(self) -> bool:
        """Whether coming back can help."""
        return self < 4500
