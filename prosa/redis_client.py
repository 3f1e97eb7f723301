"""How the services talk to Redis: short timeouts and no retries.

redis-py 8 retries ten times by default, also commands whose reply was lost: an append or a
one-time ticket would be carried out twice (https://github.com/redis/redis-py/issues/261). What may
be retried is retried by its caller, who knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis
    from redis.asyncio.connection import AbstractConnection
    from redis.credentials import CredentialProvider

CONNECT_TIMEOUT_S = 1.0
SOCKET_TIMEOUT_S = 2.0


def connect(url: str, *, sign_in: CredentialProvider | None = None) -> AsyncRedis:
    """Make an asyncio client; it connects with the first command.

    `sign_in` gives user and password to each new connection (`prosa.redis_iam`).
    """
    from redis.asyncio import Redis as AsyncRedis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    redis = AsyncRedis.from_url(  # pyright: ignore[reportUnknownMemberType]
        url,
        credential_provider=sign_in,
        decode_responses=True,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    pool = redis.connection_pool
    pool.connection_class = _telling_resets(pool.connection_class)
    return redis


def connect_blocking(url: str, *, sign_in: CredentialProvider | None = None) -> Redis:
    """Make a blocking client, for Lambdas; it connects with the first command."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
        url,
        credential_provider=sign_in,
        decode_responses=True,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )


def _telling_resets(connection: type[AbstractConnection]) -> type[AbstractConnection]:
    """A connection that was reset while it lay in the pool is a lost connection, on uvloop too.

    redis-py notices an end of file there, but not a reset. Its next write then fails: with an
    OSError on asyncio's own loop, which redis-py translates, and with a RuntimeError on uvloop,
    which nobody expects of Redis.
    """
    from redis.exceptions import ConnectionError

    class TellingResets(connection):
        async def send_packed_command(
            self,
            command: bytes | str | Iterable[bytes],
            check_health: bool = True,  # noqa: FBT001, FBT002 - redis-py's signature
        ) -> None:
            try:
                await super().send_packed_command(command, check_health)
            except RuntimeError as exc:
                raise ConnectionError("The connection was reset.") from exc

    return TellingResets
