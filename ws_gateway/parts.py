"""What most parts of the gateway stand on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from redis.asyncio import Redis

from prosa.event_log.log import EventLog
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.readiness import Readiness
from ws_gateway.settings import GatewaySettings
from ws_gateway.tasks import BackgroundTasks

REDIS_CALLS_AT_ONCE = 64
"""Calls on behalf of single connections; the others wait. Bounds the answers held in memory, of
which one may be a page of the log."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Made by `bootstrap.py`, once."""

    settings: GatewaySettings
    redis: Redis
    event_log: EventLog
    hub: Hub = field(default_factory=Hub)
    counts: Counts = field(default_factory=Counts)
    readiness: Readiness = field(default_factory=Readiness)
    tasks: BackgroundTasks = field(default_factory=BackgroundTasks)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REDIS_CALLS_AT_ONCE))
