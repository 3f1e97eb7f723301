"""What most rows stand on: a gateway, its Redis, its load and who writes its logs."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from redis import Redis

from bench.gateway_process import GatewayProcess, blocking_redis, gateway_process
from bench.helper_process import Helper


@dataclass(frozen=True, slots=True)
class Rig:
    """All running. `load` takes orders of `socket_load.py`, `writer` of `log_writer.py`."""

    gateway: GatewayProcess
    redis: Redis
    load: Helper
    writer: Helper


def start_rig(stack: ExitStack) -> Rig:
    """Start it; `stack` ends it."""
    gateway = stack.enter_context(gateway_process())
    return Rig(
        gateway=gateway,
        redis=stack.enter_context(blocking_redis(gateway.redis)),
        load=stack.enter_context(Helper("bench.socket_load")),
        writer=stack.enter_context(Helper("bench.log_writer", gateway.redis.url)),
    )
