"""Whether a user may ask for a reply now: is there a model that may be asked, how often did they
ask, and how much of the day's tokens is left."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from lambdas.rate_limit import RateLimit
from lambdas.refusals import ModelsUnavailable, TooMany
from lambdas.settings import EdgeSettings
from prosa.breakers.door import wait_for_any
from prosa.clock import utc_now
from prosa.errors import Unavailable
from prosa.ids import UserId
from prosa.store.users import UserStore

if TYPE_CHECKING:
    from redis import Redis


class Admission:
    """Guards what is paid for: when it cannot tell, it refuses."""

    def __init__(
        self, users: UserStore, rate_limit: RateLimit, redis: Redis, settings: EdgeSettings
    ) -> None:
        self._users = users
        self._rate_limit = rate_limit
        self._redis = redis
        self._settings = settings

    def admit(self, user_id: UserId) -> None:
        """Count one reply. Raises ModelsUnavailable, which is not counted, TooMany, Unavailable."""
        self._find_model()
        self._rate_limit.count(self._settings.rate_messages, "reply", user_id)
        limit = self._settings.daily_tokens
        if limit == 0:
            return
        now = utc_now()
        used = self._users.usage_on(user_id, now.date().isoformat())
        if used.input_tokens + used.output_tokens >= limit:
            raise TooMany(
                "budget_exhausted",
                "Today's tokens are used up. There are new ones at midnight UTC.",
                retry_after_s=_until_midnight_s(now),
            )

    def _find_model(self) -> None:
        """The worker falls back from any model to any other, so one is enough, whoever asks."""
        try:
            wait_s = wait_for_any(self._redis, self._settings.models)
        except RedisError as exc:
            raise Unavailable("Redis does not say which models may be asked.") from exc
        if wait_s > 0:
            raise ModelsUnavailable(retry_after_s=math.ceil(wait_s))


def _until_midnight_s(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return round((midnight - now).total_seconds()) + 1
