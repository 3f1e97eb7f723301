"""How often someone may do what costs: `limits` counts in Redis, for all functions together.

Without Redis nobody is counted, so nobody passes: the callers guard replies that are paid for and
password hashes that take a tenth of a second each. Reading is not limited here.
"""

from __future__ import annotations

import ipaddress
import math
import time
from functools import cache
from typing import TYPE_CHECKING

from limits import RateLimitItem, parse_many
from limits.storage.redis import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from lambdas.refusals import TooMany
from prosa.errors import Unavailable

if TYPE_CHECKING:
    from redis import Redis


class RateLimit:
    """Counts moving windows: at any moment, no more than the amount in the time before it."""

    def __init__(self, redis: Redis, *, url: str) -> None:
        # The pool carries our timeouts and that nothing is tried twice (`prosa.redis_client`);
        # `url` is used for its scheme only.
        storage = RedisStorage(url, connection_pool=redis.connection_pool, key_prefix="rate")
        self._windows = MovingWindowRateLimiter(storage)

    def count(self, rates: str, *who: str) -> None:
        """Count one call of `who` (what, then whom). Raises TooMany, Unavailable.

        `rates` is in the notation of `limits`: `20/minute;200/day`.
        """
        try:
            for rate in _parse(rates):
                if not self._windows.hit(rate, *who):
                    raise self._refusal(rate, who)
        except RedisError as exc:
            raise Unavailable("Redis does not count.") from exc

    def _refusal(self, rate: RateLimitItem, who: tuple[str, ...]) -> TooMany:
        frees_at = self._windows.get_window_stats(rate, *who).reset_time
        wait_s = max(1, math.ceil(frees_at - time.time()))
        return TooMany("rate_limited", f"At most {rate}. Wait a moment.", retry_after_s=wait_s)


@cache
def _parse(rates: str) -> list[RateLimitItem]:
    return parse_many(rates)


def network_of(ip: str) -> str:
    """What one subscriber is given: an IPv4 address, or the /64 of an IPv6 address."""
    address = ipaddress.ip_address(ip)
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False))
