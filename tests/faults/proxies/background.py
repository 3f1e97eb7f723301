"""A server in a thread with a loop of its own, which its owner steers from any thread."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from typing import Any, Self

PATIENCE_S = 10.0

Record = Callable[..., object]
"""Hears of each fault as it happens: `record(kind, **fields)`, from the server's thread."""


def unrecorded(kind: str, **fields: object) -> None:
    """For whoever counts for himself."""
    del kind, fields


class Background(ABC):
    """Subclasses serve; `port` is known while `running`."""

    def __init__(self, *, record: Record = unrecorded) -> None:
        self.port = 0
        self._record = record
        self._loop = asyncio.new_event_loop()

    @abstractmethod
    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        """Listen, set `port` and `started`, and end with `stop`."""

    @contextmanager
    def running(self) -> Generator[Self]:
        """Serve while the block runs."""
        started, stop = threading.Event(), asyncio.Event()

        def run() -> None:
            self._loop.run_until_complete(self.serve(started, stop))
            self._loop.run_until_complete(_cancelled(asyncio.all_tasks(self._loop)))

        thread = threading.Thread(target=run, name=type(self).__name__, daemon=True)
        thread.start()
        if not started.wait(PATIENCE_S):
            raise TimeoutError(f"{type(self).__name__} did not start")
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join(PATIENCE_S)
            if not thread.is_alive():
                self._loop.close()

    def _soon(self, call: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(call)


async def _cancelled(tasks: Collection[asyncio.Task[Any]]) -> None:
    """End what serving left behind: connections that hang."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
