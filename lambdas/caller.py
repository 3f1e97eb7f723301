"""Who asks: what the authorizer found in the access token, and nothing a client could write itself.

The authorizer writes it, API Gateway hands it on, `api.current_caller` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from prosa.claims import AccessClaims
from prosa.clock import from_epoch_ms, to_epoch_ms
from prosa.errors import Unauthenticated
from prosa.ids import UserId


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone whose access token was verified. The token ends at `session_ends_at`."""

    user_id: UserId
    session_id: str
    session_ends_at: datetime

    def as_context(self) -> dict[str, str]:
        """The authorizer's context: API Gateway takes strings only."""
        return {
            "user_id": self.user_id,
            "session_id": self.session_id,
            "session_ends_at": str(to_epoch_ms(self.session_ends_at)),
        }

    @classmethod
    def from_context(cls, context: Mapping[str, str]) -> Self:
        """Read the authorizer's context. Raises Unauthenticated, TokenExpired.

        The token's time is judged here and only here: API Gateway remembers the authorizer's
        answer for a minute, in which the token may end.
        """
        try:
            claims = AccessClaims(
                UserId(context["user_id"]),
                context["session_id"],
                from_epoch_ms(int(context["session_ends_at"])),
            ).require_live()
        except KeyError as exc:
            raise Unauthenticated("Sign in first: send an access token.") from exc
        return cls(claims.user_id, claims.session_id, claims.expires_at)
