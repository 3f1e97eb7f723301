"""How many connections one address may hold, and how often it may try."""

from __future__ import annotations

from collections import Counter

from ws_gateway.rate_limit import TokenBucket

TRIES_PER_S = 50.0
TRIES_BURST = 200.0
"""An office behind one address that comes back from a lost network, and no more."""

MOST_BUCKETS = 10_000
"""Addresses whose tries are remembered: some 2 MB."""


class AddressLimits:
    """Counts by network (`prosa.networks`); the caller brings the monotonic time."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()
        self._tries: dict[str, TokenBucket] = {}

    def enter(self, network: str | None, now: float) -> bool:
        """Take a place for a connection that begins; False when there is none.

        None has no limit.
        """
        if network is None:
            return True
        if not self._bucket(network, now).take(now) or self._held[network] >= self._most:
            return False
        self._held[network] += 1
        return True

    def leave(self, network: str | None) -> None:
        """Give back a place that was taken."""
        if network is None:
            return
        self._held[network] -= 1
        if not self._held[network]:
            del self._held[network]

    def _bucket(self, network: str, now: float) -> TokenBucket:
        found = self._tries.pop(network, None) or TokenBucket(now, TRIES_PER_S, TRIES_BURST)
        if len(self._tries) >= MOST_BUCKETS:
            del self._tries[next(iter(self._tries))]  # who tried least lately
        self._tries[network] = found
        return found
