"""Whether a user may ask for a reply now: how often, and how much of the day's tokens is left."""

from __future__ import annotations

from datetime import datetime, timedelta

from lambdas.rate_limit import RateLimit
from lambdas.refusals import TooMany
from lambdas.settings import EdgeSettings
from prosa.clock import utc_now
from prosa.ids import UserId
from prosa.store.users import UserStore


class Admission:
    """Guards what is paid for: when it cannot tell, it refuses."""

    def __init__(self, users: UserStore, rate_limit: RateLimit, settings: EdgeSettings) -> None:
        self._users = users
        self._rate_limit = rate_limit
        self._settings = settings

    def admit(self, user_id: UserId) -> None:
        """Count one reply. Raises TooMany, Unavailable."""
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


def _until_midnight_s(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return round((midnight - now).total_seconds()) + 1
