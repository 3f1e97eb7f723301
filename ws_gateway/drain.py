"""Leaving: every client is told, closed with 1012 and off the map, within a few seconds.

Clients are closed in slices and each is told a moment of its own to come back at, because those of
a whole node that come back at once are more than the others can admit.
"""

from __future__ import annotations

import asyncio
import logging
import random
from math import ceil

from websockets.asyncio.server import Server

from prosa.events import Draining
from ws_gateway.close_codes import CloseCode
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.outgoing import Outgoing
from ws_gateway.readiness import Readiness
from ws_gateway.tasks import BackgroundTasks

log = logging.getLogger(__name__)

RETURNS_PER_S = 500
"""How many clients of this node the others are asked to take back a second."""

SLICE_S = 0.05
LEAST_SLICE = 50
"""A node with few clients does not spend its whole drain time on them."""


async def drain(
    hub: Hub,
    server: Server,
    *,
    readiness: Readiness,
    tasks: BackgroundTasks,
    counts: Counts,
    over_s: float,
    close_timeout_s: float,
) -> None:
    """Stop accepting, send `draining`, close all. Returns when every handler has ended.

    It takes up to `over_s` + `close_timeout_s` and a little.
    """
    readiness.is_draining = True
    server.close(close_connections=False)
    connections = list(hub)
    spread_s = max(1.0, len(connections) / RETURNS_PER_S)
    for connection in connections:
        connection.send(Outgoing.of(Draining(reconnect_in_s=_moment(spread_s))))
    slices = max(1, int(over_s / SLICE_S))
    size = max(LEAST_SLICE, ceil(len(connections) / slices))
    code = CloseCode.RESTART
    for start in range(0, len(connections), size):
        for connection in connections[start : start + size]:
            if connection.is_open:
                counts.closed[code] += 1
                tasks.start(connection.close(code, code.meaning), name="close for restart")
        await asyncio.sleep(SLICE_S)
    # Handlers take their connections off the map; one that hangs on Redis is left to its lease.
    try:
        async with asyncio.timeout(close_timeout_s + 2):
            await server.wait_closed()
    except TimeoutError:
        log.warning("drain_incomplete", extra={"connections": len(hub)})


def _moment(spread_s: float) -> float:
    return round(random.uniform(0, spread_s), 2)  # noqa: S311 - jitter
