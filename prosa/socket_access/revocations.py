"""Sessions that were ended before their time: who signed out, or changed the password elsewhere.

Ending one is written down first and told to all gateways then. So a gateway that hears of it closes
what it holds at once; one whose subscription was broken looks at what is written when it is back;
and a ticket that is redeemed later finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, ConfigDict

from prosa.claims import ACCESS_TOKEN_TTL_S
from prosa.ids import UserId
from prosa.socket_access.keys import CONTROL_CHANNEL, revoked_key

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

REMEMBERED_S = ACCESS_TOKEN_TTL_S + 60
"""After this no access token of the session is good, so nobody gets a ticket with one."""


class SessionsEnded(BaseModel):
    """What gateways are told: close the sockets of these sessions."""

    model_config = ConfigDict(frozen=True)

    type: Literal["sessions_ended"] = "sessions_ended"
    user_id: UserId
    session_ids: tuple[str, ...]


def revoke_sessions(redis: Redis, user_id: UserId, session_ids: Sequence[str]) -> None:
    """Close the sockets of these sessions, here and now. Raises redis.RedisError."""
    if not session_ids:
        return
    key = revoked_key(user_id)
    told = SessionsEnded(user_id=user_id, session_ids=tuple(session_ids))
    pipe: Any = cast(Any, redis).pipeline(transaction=False)
    pipe.hset(key, mapping=dict.fromkeys(session_ids, 1))
    pipe.expire(key, REMEMBERED_S)
    pipe.publish(CONTROL_CHANNEL, told.model_dump_json())
    pipe.execute()


async def which_are_revoked(
    redis: AsyncRedis, sessions: Sequence[tuple[UserId, str]]
) -> list[bool]:
    """Whether each (user, session) was ended, in one round trip. Raises redis.RedisError."""
    async with redis.pipeline(transaction=False) as pipe:
        for user_id, session_id in sessions:
            cast(Any, pipe).hexists(revoked_key(user_id), session_id)
        return [bool(mark) for mark in await pipe.execute()]
