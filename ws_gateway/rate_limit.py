"""A token bucket: so many at once, then so many a second."""

from __future__ import annotations


class TokenBucket:
    """Begins full. The caller brings the monotonic time."""

    __slots__ = ("_burst", "_level", "_per_s", "_seen_at")

    def __init__(self, now: float, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._level = burst
        self._seen_at = now

    def take(self, now: float) -> bool:
        """Spend a token; False when there is none."""
        self._level = min(self._burst, self._level + (now - self._seen_at) * self._per_s)
        self._seen_at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True
