"""How often someone may do what costs: counted in Redis, for all functions together.

Without Redis nobody is counted, so nobody passes: the callers guard replies that are paid for and
password hashes that take a tenth of a second each. Reading is not limited here.

A script of our own in place of a library: it asks Redis for the time, where a library takes that
of the function; a call that one rate refuses uses up no other; and it costs a cold start nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from lambdas.rates import Rate
from lambdas.refusals import TooMany
from prosa.errors import Unavailable

if TYPE_CHECKING:
    from redis import Redis


class RateLimit:
    """Counts moving windows: at any moment, no more than the amount in the time before it."""

    def __init__(self, redis: Redis) -> None:
        text = files("lambdas").joinpath("rate_limit.lua").read_text()
        self._count = redis.register_script(text)

    def count(self, rates: Sequence[Rate], *who: str) -> None:
        """Count one call of `who` (what, then whom). Raises TooMany, Unavailable.

        A call that is refused is not counted.
        """
        # One tag, so that a cluster keeps the keys of a call together.
        keys = [f"rate:{{{':'.join(who)}}}:{rate.amount}/{rate.unit}" for rate in rates]
        args = [arg for rate in rates for arg in (rate.amount, rate.window_s * 1000)]
        try:
            refuses, wait_ms = cast("tuple[int, int]", self._count(keys=keys, args=args))
        except RedisError as exc:
            raise Unavailable("Redis does not count.") from exc
        if refuses:
            wait_s = max(1, math.ceil(wait_ms / 1000))
            detail = f"At most {rates[refuses - 1]}. Wait a moment."
            raise TooMany("rate_limited", detail, retry_after_s=wait_s)
