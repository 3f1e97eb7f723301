"""What an access token says, once it is verified: who, in which session, until when.

Apart from `tokens.py`, so that a function which only acts on claims loads no cryptography.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from prosa.clock import utc_now
from prosa.errors import TokenExpired
from prosa.ids import UserId

ACCESS_TOKEN_TTL_S = 15 * 60

LEEWAY = timedelta(seconds=5)
"""How far the clocks of two of our machines may differ."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """Who a token speaks for, in which session, until when."""

    user_id: UserId
    session_id: str
    expires_at: datetime

    def require_live(self) -> Self:
        """Give itself. Raises TokenExpired when its time, and the clocks' leeway, is over."""
        if utc_now() > self.expires_at + LEEWAY:
            raise TokenExpired("The access token has expired.")
        return self
