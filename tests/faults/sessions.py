"""What a user's sign-in may do: the model that `stateful` holds the real API against.

A session is a family of refresh tokens. The newest one is good; the one before it is good, too, for
the seconds of grace, and gives the same successor; anything older ends the whole session.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class SessionModel:
    """One session. `tokens` are all it ever had, oldest first."""

    tokens: list[str] = field(default_factory=list[str])
    is_over: bool = False

    def refresh(self, index: int) -> str | None:
        """What to expect when token `index` is used: `new`, the known successor, or None for a
        refusal."""
        if self.is_over:
            return None
        newest = len(self.tokens) - 1
        if index == newest:
            return "new"
        if index == newest - 1:
            return self.tokens[newest]
        self.is_over = True
        return None
