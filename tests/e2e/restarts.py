"""Ends parts of the stack that others share, and starts them again as its operator would."""

from __future__ import annotations

import shutil

from local import redis_server, services
from local.stack import Stack


def kill_gateway(stack: Stack) -> None:
    """As a crash: no close frame, no word to anyone."""
    stack.launcher.kill("gateway")


def start_gateway(stack: Stack) -> None:
    """Start it where it was; returns when it takes connections."""
    settings = stack.settings
    gateway = stack.start_gateway("gateway", settings.gateway_ports)
    services.wait_for_service(
        stack.launcher,
        gateway,
        settings.gateway_internal_port,
        timeout_s=services.GATEWAY_READY_S,
    )


def kill_redis(stack: Stack) -> None:
    """As a crash; what it had answered is in its file."""
    stack.launcher.kill("redis")


def start_redis(stack: Stack, *, keeps_data: bool = True) -> None:
    """Start it on its file, or on none; returns when it answers."""
    settings = stack.settings
    folder = settings.state_dir / "redis"
    if not keeps_data:
        shutil.rmtree(folder)
    redis = redis_server.start_redis(stack.launcher, port=settings.redis_port, folder=folder)
    redis_server.wait_for_redis(stack.launcher, redis, stack.redis_url)
