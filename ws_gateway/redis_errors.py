"""What a Redis that does not answer looks like, to those who go on without it."""

from __future__ import annotations

from redis.exceptions import RedisError

REDIS_AWAY = (RedisError, OSError)
"""`redis.asyncio` lets some socket errors and the builtin TimeoutError, an OSError, through."""
