"""Tells the gateways whose session was ended, so that they close its sockets."""

from __future__ import annotations

from collections.abc import Sequence

from redis import Redis
from redis.exceptions import RedisError

from lambdas.request_log import logger
from prosa.ids import UserId
from prosa.socket_access.revocations import revoke_sessions


class EndedSessions:
    """Never raises: the session is over in the table, and what is signed in ends by itself."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def tell(self, user_id: UserId, session_ids: Sequence[str]) -> None:
        """Close their sockets. With Redis away these end with their access token, in 15 minutes."""
        try:
            revoke_sessions(self._redis, user_id, session_ids)
        except RedisError as exc:
            logger().warning("gateways_not_told", extra={"user_id": user_id, "error": repr(exc)})
