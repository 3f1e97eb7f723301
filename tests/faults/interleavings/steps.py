"""The calls of one worker to the outside, each of which waits here until it may happen.

`play` asks for the next one and says what becomes of it. A worker that is dead makes no call any
more: whatever it still tries, in a thread or while it is being cancelled, ends in `Killed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

T = TypeVar("T")


class Killed(BaseException):
    """The process of this call is dead. Nothing that handles errors may handle it."""


class Fate(Enum):
    """What becomes of a call."""

    GO = auto()
    REFUSED = auto()
    LOST = auto()
    KILLED = auto()


@dataclass(eq=False)
class Step:
    """One call that waits. `fate` is set once."""

    name: str
    fate: Future[Fate] = field(default_factory=Future[Fate])


class Steps:
    """The calls of one worker, one after another."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: asyncio.Queue[Step | None] = asyncio.Queue()
        self._waiting: set[Step] = set()
        self._is_dead = False

    async def next(self) -> Step | None:
        """Wait for the next call; None when the worker has nothing in hand any more."""
        return await self._arrived.get()

    def nothing_in_hand(self) -> None:
        """The worker asks for more work. From a thread."""
        self._loop.call_soon_threadsafe(self._arrived.put_nowait, None)

    def in_thread(self, name: str, call: Callable[[], T], error: Exception) -> T:
        """Make a blocking `call`; a failure of it shows as `error`."""
        if self._is_dead:
            raise Killed
        step = Step(name)
        self._loop.call_soon_threadsafe(self._arrive, step)
        fate = step.fate.result()
        self._leave(fate, Fate.REFUSED, error)
        try:
            return call()
        finally:
            self._leave(fate, Fate.LOST, error)

    async def in_loop(self, name: str, call: Callable[[], Awaitable[T]], error: Exception) -> T:
        """Make an asynchronous `call`."""
        step = Step(name)
        self._arrive(step)
        fate = await asyncio.wrap_future(step.fate)
        self._leave(fate, Fate.REFUSED, error)
        try:
            return await call()
        finally:
            self._leave(fate, Fate.LOST, error)

    def kill(self) -> None:
        """From now on no call happens."""
        self._is_dead = True
        for step in list(self._waiting):
            if not step.fate.done():
                step.fate.set_result(Fate.KILLED)

    def _arrive(self, step: Step) -> None:
        if self._is_dead:
            step.fate.set_result(Fate.KILLED)
            return
        self._waiting.add(step)
        step.fate.add_done_callback(lambda _: self._waiting.discard(step))
        self._arrived.put_nowait(step)

    def _leave(self, fate: Fate, at: Fate, error: Exception) -> None:
        if fate is Fate.KILLED:
            raise Killed
        if fate is at:
            raise error
