"""Fixtures for single parts: a real Redis and a real AWS emulator, each on a free port.

Both run once per session. A test gets them clean: `redis_url` is an empty database, `resources` a
stage of its own with its own queues, table, bucket and parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

import pytest
from redis import Redis

from local.launcher import Launcher
from local.parameters import put_parameters
from local.ports import free_ports
from local.provision import Provisioned, Provisioner
from local.redis_server import redis_url as url_of
from local.redis_server import start_redis, wait_for_redis
from tests.stack import emulators

STOP_S = 5.0
_stage_numbers = count(1)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a redis-server for the session. Yields its URL, `redis://127.0.0.1:<port>/0`."""
    (port,) = free_ports(1)
    launcher = Launcher(root=tmp_path_factory.mktemp("redis"), write_line=_ignore, run_file=None)
    child = start_redis(launcher, port=port, folder=None)
    try:
        wait_for_redis(launcher, child, url_of(port))
        yield url_of(port)
    finally:
        child.stop(grace_s=STOP_S)


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Give the URL of the session's Redis, emptied, scripts and all."""
    with Redis.from_url(redis_server) as redis:  # pyright: ignore[reportUnknownMemberType]
        redis.flushall()  # pyright: ignore[reportUnknownMemberType]
        redis.script_flush()  # pyright: ignore[reportUnknownMemberType]
    return redis_server


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run the chosen AWS for the session and point `os.environ` at it.

    Yields the AWS variables (`AWS_ENDPOINT_URL`, ...), for the environment of child processes.
    """
    with (
        emulators.running(tmp_path_factory.mktemp("aws")) as emulator,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        yield dict(emulator.environment)


@pytest.fixture(scope="session")
def provisioner(aws: dict[str, str]) -> Provisioner:
    """Make resources in the session's emulator."""
    return Provisioner(aws)


@pytest.fixture
def resources(provisioner: Provisioner, request: pytest.FixtureRequest) -> Provisioned:
    """Provision a stage of this test's own: `.table`, `.queue_url`, `.bucket`, `.parameters`, ...

    The resources are those of `infra/resources.json`; the parameters hold fresh keys.
    """
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:20].strip("-")
    provisioned = provisioner.provision(f"{name}-{next(_stage_numbers)}")
    put_parameters(
        provisioner,
        provisioned,
        models="local:prosa-tiny",
        redis_url="redis://127.0.0.1:1/0",
        ws_url="ws://127.0.0.1:1/ws",
        allowed_origins="http://127.0.0.1:1",
        environ={},
    )
    return provisioned


def _ignore(name: str, line: str) -> None:
    """Drop the line: a child that fails shows its last ones in the exception."""
