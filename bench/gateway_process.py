"""A Redis and a gateway of their own for a benchmark: `python -m ws_gateway`, as it is deployed.

Its settings are the defaults but for three: it may hold more connections than 10,000, a benchmark
may let one user hold more than 10, and its ports are free ones. No limit by address applies to
loopback. Redis keeps nothing on disk.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from redis import Redis

from local.launcher import Launcher
from local.ports import free_ports
from local.redis_server import redis_url, start_redis, wait_for_redis
from local.services import GATEWAY_READY_S, start_gateway, wait_for_service
from local.settings import GatewayPorts
from prosa.clock import utc_now
from prosa.ids import UserId, new_user_id
from prosa.redis_client import connect_blocking
from prosa.socket_access.tickets import TicketHolder, issue_ticket

ROOT = Path(__file__).parents[1]
SESSION = timedelta(minutes=15)
GRACE_S = 15.0


@dataclass(frozen=True, slots=True)
class RedisProcess:
    """A running Redis."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class GatewayProcess:
    """A running gateway that takes sockets at `port`, and its Redis."""

    port: int
    pid: int
    redis: RedisProcess


@contextmanager
def redis_process() -> Generator[RedisProcess]:
    """Run a Redis that no one else uses."""
    with _launcher() as launcher:
        yield _redis(launcher)


@contextmanager
def gateway_process(*, max_per_user: int = 10) -> Generator[GatewayProcess]:
    """Run a gateway and its Redis until the block ends."""
    with _launcher() as launcher:
        redis = _redis(launcher)
        ports = GatewayPorts(*free_ports(3))
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "PROSA_REDIS_URL": redis.url,
            "PROSA_GATEWAY_MAX_CONNECTIONS": "20000",
            "PROSA_GATEWAY_MAX_CONNECTIONS_PER_USER": str(max_per_user),
            "PROSA_GATEWAY_DRAIN_S": "0",
        }
        child = start_gateway(launcher, name="gateway", ports=ports, environment=environment)
        wait_for_service(launcher, child, ports.internal, timeout_s=GATEWAY_READY_S)
        yield GatewayProcess(ports.sockets, child.pid, redis)


def new_users(count: int) -> list[UserId]:
    return [new_user_id() for _ in range(count)]


def paths(redis: Redis, users: Sequence[UserId], *, after: Sequence[str] = ()) -> list[str]:
    """What a socket of each user asks for: a new ticket each, good for 30 s, and its cursor."""
    ends = utc_now() + SESSION
    tickets = [issue_ticket(redis, TicketHolder(user, "ses_bench", ends)) for user in users]
    cursors = after or [""] * len(users)
    return [
        "/ws?" + urlencode({"ticket": ticket, **({"after": cursor} if cursor else {})})
        for ticket, cursor in zip(tickets, cursors, strict=True)
    ]


@contextmanager
def blocking_redis(redis: RedisProcess) -> Generator[Redis]:
    """The client that Lambdas issue tickets with."""
    client = connect_blocking(redis.url)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _launcher() -> Generator[Launcher]:
    launcher = Launcher(root=ROOT, write_line=_ignore, run_file=None)
    try:
        yield launcher
    finally:
        for name in reversed(list(launcher.children)):
            launcher.stop(name, grace_s=GRACE_S)


def _redis(launcher: Launcher) -> RedisProcess:
    (port,) = free_ports(1)
    child = start_redis(launcher, port=port, folder=None)
    wait_for_redis(launcher, child, redis_url(port))
    return RedisProcess(redis_url(port), child.pid)


def _ignore(_name: str, _line: str) -> None:
    pass
