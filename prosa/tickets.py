"""WebSocket tickets: who may open one socket, once, within 30 seconds.

The page gets one over HTTPS with its access token and shows it in the socket's address, so that no
token that lives longer is ever written into a proxy's log. Redis holds only its hash.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from prosa.clock import from_epoch_ms, to_epoch_ms
from prosa.ids import UserId

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

TICKET_TTL_S = 30

# KEYS[1] ticket; ARGV[1] the redeemer's own token, ARGV[2] seconds to remember it.
# A plain GETDEL would refuse the rightful owner when only the answer was lost and the gateway asks
# again: so the first redeemer is written down, and answered as often as it asks.
_REDEEM = """
local held = redis.call('HMGET', KEYS[1], 'user', 'session', 'until', 'by')
if not held[1] then return false end
if held[4] and held[4] ~= ARGV[1] then return false end
if not held[4] then
  redis.call('HSET', KEYS[1], 'by', ARGV[1])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return { held[1], held[2], held[3] }
"""


@dataclass(frozen=True, slots=True)
class TicketHolder:
    """Who a ticket was given to. `session_ends_at` is when the socket must have been renewed."""

    user_id: UserId
    session_id: str
    session_ends_at: datetime


def issue_ticket(redis: Redis, holder: TicketHolder) -> str:
    """Make a ticket for `holder`, good once within `TICKET_TTL_S`. Raises redis.RedisError."""
    ticket = secrets.token_urlsafe(32)
    pipe: Any = cast(Any, redis).pipeline(transaction=True)
    pipe.hset(
        _key(ticket),
        mapping={
            "user": holder.user_id,
            "session": holder.session_id,
            "until": to_epoch_ms(holder.session_ends_at),
        },
    )
    pipe.expire(_key(ticket), TICKET_TTL_S)
    pipe.execute()
    return ticket


async def redeem_ticket(redis: AsyncRedis, ticket: str, *, redeemer: str) -> TicketHolder | None:
    """Take a ticket; None when it is unknown, expired or another redeemer's.

    `redeemer` is a fresh random string per handshake: asking again with the same one, after an
    answer was lost, gives the same holder. Raises redis.RedisError.
    """
    row = await cast(Any, redis).eval(_REDEEM, 1, _key(ticket), redeemer, TICKET_TTL_S)
    if row is None:
        return None
    user, session, until = row
    return TicketHolder(UserId(user), session, from_epoch_ms(int(until)))


def _key(ticket: str) -> str:
    return f"ticket:{hashlib.sha256(ticket.encode()).hexdigest()}"
