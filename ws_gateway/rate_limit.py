"""How many frames a client may send; each socket has a bucket of its own."""

from __future__ import annotations

FRAMES_PER_S = 10.0
BURST = 20.0


class TokenBucket:
    """`BURST` frames at once, then `FRAMES_PER_S`. The caller brings the monotonic time."""

    __slots__ = ("_level", "_seen_at")

    def __init__(self, now: float) -> None:
        self._level = BURST
        self._seen_at = now

    def take(self, now: float) -> bool:
        """Spend a token; False when there is none."""
        self._level = min(BURST, self._level + (now - self._seen_at) * FRAMES_PER_S)
        self._seen_at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True
