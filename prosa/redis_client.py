"""How the services talk to Redis: short timeouts and no retries.

redis-py 8 retries ten times by default, also commands whose reply was lost: an append or a
one-time ticket would be carried out twice (https://github.com/redis/redis-py/issues/261). What may
be retried is retried by its caller, who knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import BlockingConnectionPool
    from redis.asyncio import Redis as AsyncRedis
    from redis.asyncio.connection import AbstractConnection
    from redis.credentials import CredentialProvider
    from redis.typing import EncodableT

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
    connections.connection_class = _sturdy(connections.connection_class)
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


def _sturdy(connection: type[AbstractConnection]) -> type[AbstractConnection]:
    """A connection whose sending neither hides a lost connection nor forgets a cancellation.

    It packs by hiredis, as redis-py's blocking connections do; its asyncio ones pack in Python,
    231 µs for an append of 32 events where hiredis takes 67.

    redis-py notices an end of file of a connection that lies in its pool, but no reset. The next
    write then fails: with an OSError on asyncio's own loop, which redis-py translates, and with a
    RuntimeError on uvloop, which nobody expects of Redis.

    And it sends by `asyncio.wait_for`, which on Python 3.11 forgets a cancellation that comes in
    the moment the bytes are out (https://github.com/python/cpython/issues/86296): a worker would
    never end.
    """
    from redis import exceptions
    from redis.connection import HiredisRespSerializer

    packer: Any = HiredisRespSerializer()

    class Sturdy(connection):
        def pack_command(self, *args: EncodableT) -> list[bytes]:
            return packer.pack(*args)

        async def send_packed_command(
            self,
            command: bytes | str | Iterable[bytes],
            check_health: bool = True,  # noqa: FBT001, FBT002 - redis-py's signature
        ) -> None:
            if not self.is_connected:
                await self.connect_check_health(check_health=False)
            if check_health:
                await self.check_health()
            try:
                async with asyncio.timeout(self.socket_timeout):
                    await self._send_packed_command(_chunks(command))
            except BaseException as exc:
                # Half a command may be out: nothing can be sent after it.
                await self.disconnect(nowait=True)
                if isinstance(exc, TimeoutError):
                    raise exceptions.TimeoutError("Redis does not take the command.") from exc
                if isinstance(exc, OSError | RuntimeError):
                    raise exceptions.ConnectionError("The connection was reset.") from exc
                raise

    return Sturdy


def _chunks(command: bytes | str | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(command, str):
        command = command.encode()
    return [command] if isinstance(command, bytes) else command
