"""Blocks of code that another part may stop, and that then know why.

`consumer` stops whole jobs (the message is lost, the process drains), `generation` stops model
streams (the user cancels, a later attempt took over, time is up).
"""

from __future__ import annotations

import asyncio
from enum import StrEnum
from types import TracebackType
from typing import Self


class StopReason(StrEnum):
    """Why a block was stopped."""

    CANCELLED = "cancelled"
    """Its user asked for it."""

    FENCED = "fenced"
    """A later attempt owns the reply."""

    DEADLINE = "deadline"
    """It took too long."""

    LOST = "lost"
    """Its message could not be kept invisible: another worker may have it."""

    DRAINING = "draining"
    """This process ends."""


class Stopped(Exception):
    """A block was stopped. A type of its own: CancelledError stays what ends a task."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class StopScope:
    """`async with StopScope() as scope:` a block that `scope.stop(reason)` ends with `Stopped`.

    Stands on `asyncio.timeout`, whose care for cancellation from elsewhere it inherits: what
    cancels the task from outside passes through. Not reusable.
    """

    def __init__(self, *, deadline_s: float | None = None) -> None:
        self.reason: StopReason | None = None
        self._deadline_s = deadline_s
        self._timeout: asyncio.Timeout | None = None

    def stop(self, reason: StopReason) -> None:
        """End the block at its next `await`. The first reason counts."""
        if self.reason is not None:
            return
        self.reason = reason
        if self._timeout is not None:
            self._timeout.reschedule(0)

    async def __aenter__(self) -> Self:
        timeout = asyncio.timeout(0 if self.reason else self._deadline_s)
        await timeout.__aenter__()
        self._timeout = timeout
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        timeout, self._timeout = self._timeout, None
        assert timeout is not None  # noqa: S101 - entered
        try:
            await timeout.__aexit__(kind, exc, traceback)
        except TimeoutError:
            raise Stopped(self.reason or StopReason.DEADLINE) from exc
