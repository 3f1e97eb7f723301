"""Tasks that nobody awaits: kept alive, and heard of when they fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine

log = logging.getLogger(__name__)

RESTART_AFTER_S = 1.0


async def keep_running(work: Callable[[], Awaitable[None]]) -> None:
    """Run a loop that is meant not to end, and start it again when a fault of ours ends it.

    Without the loops the sockets would live on and hear nothing, which no probe would see.
    """
    while True:
        try:
            await work()
        except Exception:  # an edge of the process: nobody stands above it
            log.exception("loop_failed")
        await asyncio.sleep(RESTART_AFTER_S)


class BackgroundTasks:
    """Holds tasks until they end. The event loop itself keeps only weak references to them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], *, name: str) -> asyncio.Task[None]:
        """Run `work` on its own; an exception it ends with is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        """Cancel all that still run and wait for their end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", exc_info=error, extra={"task": task.get_name()})
