"""How the services talk to Redis: short timeouts and no retries.

redis-py 8 retries ten times by default, also commands whose reply was lost: an append or a
one-time ticket would be carried out twice (https://github.com/redis/redis-py/issues/261). What may
be retried is retried by its caller, who knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import BlockingConnectionPool
    from redis.asyncio import Redis as AsyncRedis
    from redis.credentials import CredentialProvider

CONNECT_TIMEOUT_S = 1.0
SOCKET_TIMEOUT_S = 2.0

POOL = 32
"""Connections of an asyncio client: commands take a fraction of a millisecond."""


def connect(
    url: str,
    *,
    sign_in: CredentialProvider | None = None,
    pool: int = POOL,
    decode: bool = True,
) -> AsyncRedis:
    """Make an asyncio client that stands on a `connection_pool` of its own."""
    from redis.asyncio import Redis as AsyncRedis

    return AsyncRedis.from_pool(connection_pool(url, sign_in=sign_in, size=pool, decode=decode))


def connection_pool(
    url: str,
    *,
    sign_in: CredentialProvider | None = None,
    size: int = POOL,
    decode: bool = True,
) -> BlockingConnectionPool:
    """Make a pool of up to `size` asyncio connections; they are opened as they are needed.

    A burst waits for its turn: redis-py's own pool would refuse what is more than it holds.
    `sign_in` gives user and password to each new connection (`prosa.redis_iam`). Without `decode`
    answers are bytes.
    """
    from redis.asyncio import BlockingConnectionPool
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    from prosa.sturdy_connection import sturdy

    connections = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        url,
        max_connections=size,
        timeout=SOCKET_TIMEOUT_S,
        credential_provider=sign_in,
        decode_responses=decode,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
    )
    connections.connection_class = sturdy(connections.connection_class)
    # Whatever the address says: RESP3 alone tells answers from what is published.
    connections.connection_kwargs["protocol"] = 3
    return connections


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
