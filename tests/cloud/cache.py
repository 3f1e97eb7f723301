"""A Redis with the users ElastiCache would have: those of `infra/terraform/services.tf`."""

from __future__ import annotations

import re

from local.launcher import Launcher
from local.redis_server import redis_url, start_redis, wait_for_redis
from local.settings import ROOT
from prosa.redis_client import connect_blocking

USERS = ("worker", "gateway", "functions")


def acl() -> list[str]:
    """The rules each user is given, as ACL SETUSER takes them."""
    services = (ROOT / "infra" / "terraform" / "services.tf").read_text(encoding="utf-8")
    found = re.search(r'^ *acl += "(.+)"$', services, re.MULTILINE)
    assert found is not None
    return found[1].split()


def start_cache(launcher: Launcher, port: int, *, name: str) -> None:
    """Run a Redis that knows the users `<name>-...`, takes any token of theirs, and nobody else."""
    child = start_redis(launcher, port=port, folder=None)
    wait_for_redis(launcher, child, redis_url(port))
    with connect_blocking(redis_url(port)) as redis:
        for user in USERS:
            redis.execute_command("ACL", "SETUSER", f"{name}-{user}", "reset", "nopass", *acl())  # pyright: ignore[reportUnknownMemberType]
        redis.execute_command("ACL", "SETUSER", "default", "off")  # pyright: ignore[reportUnknownMemberType]
