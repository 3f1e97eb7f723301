"""Runs the parts of a worker together until it is asked to stop. Called by `__main__.py`."""

from __future__ import annotations

import asyncio
import logging
import signal

from worker import bootstrap
from worker.drain import drain
from worker.gc_tuning import tune_gc
from worker.health import serve_health
from worker.settings import WorkerSettings

log = logging.getLogger(__name__)


class Stopping:
    """The first SIGTERM or SIGINT asks for a drain, the second for a short one."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurry = asyncio.Event()

    def listen(self) -> None:
        """Take the signals of this process over."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask)

    def ask(self) -> None:
        """Do what a signal does."""
        (self.hurry if self.asked.is_set() else self.asked).set()


async def serve(settings: WorkerSettings) -> None:
    """Work until SIGTERM or SIGINT, then drain.

    Raises SettingsError, ModelMisconfigured, OSError for a taken port, and an ExceptionGroup when
    a part ended that must not.
    """
    stopping = Stopping()
    stopping.listen()
    consumer = None

    def is_ready() -> bool:
        return consumer is not None and consumer.is_receiving

    health = serve_health(
        host=settings.worker_health_host, port=settings.worker_health_port, is_ready=is_ready
    )
    async with health as port, bootstrap.worker(settings) as parts, asyncio.TaskGroup() as tasks:
        publishing = tasks.create_task(parts.publisher.run(), name="publisher")
        consuming = tasks.create_task(parts.consumer.run(), name="consumer")
        consumer = parts.consumer
        tune_gc()
        log.info(
            "started",
            extra={"worker": settings.worker_name, "models": settings.models, "health_port": port},
        )
        await stopping.asked.wait()
        await drain(
            parts.consumer,
            consuming,
            stop_timeout_s=settings.worker_stop_timeout_s,
            hurry=stopping.hurry,
        )
        publishing.cancel()
    log.info("stopped")
