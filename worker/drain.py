"""How a worker ends: the order is the point, so it is written in one place.

Called by `serve` on SIGTERM. What is left out or swapped costs either a lost reply in flight or a
conversation that waits out a visibility timeout.
"""

from __future__ import annotations

import asyncio
import logging

from worker.consumer import Consumer

log = logging.getLogger(__name__)


async def drain(
    consumer: Consumer,
    running: asyncio.Task[None],
    *,
    stop_timeout_s: float,
    hurry: asyncio.Event,
) -> None:
    """End `running`, which is `consumer.run()`: zero messages stay in flight.

    The outstanding long poll is waited for, never cancelled: SQS may have put messages in flight
    for it. Running replies get until `stop_timeout_s`, or until `hurry`, with heartbeats going on.
    What is left is given back at once, for another worker to begin anew.
    """
    log.info("draining", extra={"stop_timeout_s": stop_timeout_s})
    consumer.stop_receiving()
    hurried = asyncio.create_task(hurry.wait())
    await asyncio.wait(
        {running, hurried}, timeout=stop_timeout_s, return_when=asyncio.FIRST_COMPLETED
    )
    hurried.cancel()
    if not running.done():
        log.warning("cutting_short")
        consumer.cut_short()
    await running
