"""When dead jobs may go back to the workers, and how fast.

While no model may be asked each would only end in another stored failure. And the workers serve
those who ask now as well: a thousand old questions at once would take their places, and could open
the circuits that have just closed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from prosa.breakers.door import wait_for_any
from prosa.errors import ProsaError, Unavailable
from prosa.redis_client import connect_blocking

if TYPE_CHECKING:
    from redis import Redis

    from cli.dlq_settings import RedriveSettings

INTERVAL_S = 0.1
"""Between two jobs: ten a second."""


class ModelsAway(ProsaError):
    """Every model's circuit is open."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            "No model may be asked now: the circuits of all are open, the first for another "
            f"{math.ceil(wait_s)} s. Nothing more is redriven."
        )


class RedriveGate:
    """Call `wait` before each job, `passed` after one that went back."""

    def __init__(self, redis: Redis, models: Sequence[str]) -> None:
        self._redis = redis
        self._models = models
        self._next_at = 0.0

    @classmethod
    def from_settings(cls, settings: RedriveSettings) -> RedriveGate:
        """Connects when first asked."""
        return cls(connect_blocking(settings.redis_url), settings.models)

    def wait(self) -> None:
        """Return when the next job may go back. Raises ModelsAway, and Unavailable when Redis does
        not answer: then nobody could be told an answer either."""
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        try:
            wait_s = wait_for_any(self._redis, self._models)
        except RedisError as exc:
            raise Unavailable(
                "Redis does not say whether a model may be asked. Nothing more is redriven: "
                "without it nobody would be told the answers."
            ) from exc
        if wait_s > 0:
            raise ModelsAway(wait_s)

    def passed(self) -> None:
        """A job went back."""
        self._next_at = time.monotonic() + INTERVAL_S

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()
