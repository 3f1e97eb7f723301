"""Tickets: who may open one socket, once, within 30 seconds.

The page gets one over HTTPS with its access token and shows it in the socket's address, so that no
token that lives longer is ever written into a proxy's log. It reads `<user id>.<secret>`: the user
id is no proof of anything, it tells where in Redis to look, so that one call does all that a
handshake needs. Redis holds only the ticket's hash.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Self, cast

from prosa.clock import from_epoch_ms, to_epoch_ms
from prosa.errors import SessionRevoked
from prosa.ids import UserId, is_user_id
from prosa.socket_access.keys import revoked_key, ticket_key

if TYPE_CHECKING:
    from redis import Redis

TICKET_TTL_S = 30
MOST_CHARACTERS = 128


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """Who a ticket was given to. `session_ends_at` is when the socket must have been renewed."""

    user_id: UserId
    session_id: str
    session_ends_at: datetime

    @classmethod
    def from_row(cls, row: tuple[str, str, str]) -> Self:
        """Read what `ticket.lua` gives."""
        user, session, until = row
        return cls(UserId(user), session, from_epoch_ms(int(until)))


def issue_ticket(redis: Redis, holder: TicketHolder) -> str:
    """Make a ticket for `holder`, good once within `TICKET_TTL_S`.

    Raises SessionRevoked when the session was ended, redis.RedisError when Redis does not answer.
    """
    ticket = f"{holder.user_id}.{secrets.token_urlsafe(32)}"
    key = ticket_key(holder.user_id, ticket)
    pipe: Any = cast(Any, redis).pipeline(transaction=False)
    pipe.hset(
        key,
        mapping={
            "user": holder.user_id,
            "session": holder.session_id,
            "until": to_epoch_ms(holder.session_ends_at),
        },
    )
    pipe.expire(key, TICKET_TTL_S)
    pipe.hexists(revoked_key(holder.user_id), holder.session_id)
    *_, is_revoked = pipe.execute()
    if is_revoked:
        raise SessionRevoked  # redeeming it would be refused, too
    return ticket


def claimed_by(ticket: str) -> UserId | None:
    """The user a ticket names, before anything of it is checked; None for what is no ticket."""
    user_id, dot, _ = ticket.partition(".")
    if not dot or len(ticket) > MOST_CHARACTERS or not is_user_id(user_id):
        return None
    return UserId(user_id)


def script(*names: str) -> str:
    """The text of `<name>.lua`, behind those of the parts it needs."""
    folder = files("prosa.socket_access")
    return "\n".join(folder.joinpath(f"{name}.lua").read_text() for name in names)
