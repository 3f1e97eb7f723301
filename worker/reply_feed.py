"""What one attempt at a reply says to its user, on its way to the publisher.

`handle_job` speaks, `publisher` takes what was said since its last tick. Deltas wait here joined,
so a slow Redis makes events longer, never more; what a failed tick held is said again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from prosa import events
from prosa.errors import Unavailable
from prosa.event_log.protocol import Append, Appended, Step, Verdict
from prosa.jobs import Job
from worker.stopping import StopReason, StopScope


@dataclass(frozen=True, slots=True)
class Take:
    """What a tick took from one feed: `appends` to send, the rest to put back if that fails."""

    appends: list[Append]
    start: Append | None
    text: str
    waiting: list[asyncio.Future[Appended]]


class ReplyFeed:
    """One attempt's voice. `wake` tells the publisher that there is something to take.

    An append whose answer was lost is said again with the same `index`: a delta may repeat text
    the reader has, and the index says so.
    """

    def __init__(self, job: Job, *, wake: Callable[[], None]) -> None:
        self.job = job
        self.said_at = 0.0
        """When the log last took something, on the loop's clock; the publisher writes it."""
        self._wake = wake
        self._start: Append | None = None
        self._pieces: list[str] = []
        self._index = 0
        self._final: Append | None = None
        self._waiting: list[asyncio.Future[Appended]] = []
        self._scope: StopScope | None = None
        self._stop_reason: StopReason | None = None

    @property
    def has_more(self) -> bool:
        """Whether there is something to take."""
        return bool(self._start or self._pieces or self._final)

    async def start(self, *, model_id: str) -> Appended:
        """Say that an attempt begins. Raises `prosa.errors.Unavailable` when the log did not
        take it; it is then said before the first delta."""
        self._start = self._started(model_id)
        return await self._taken()

    def answering(self, *, model_id: str) -> None:
        """Say, before any delta, that another model answers than was said at the start. Never
        waits; the log takes a further start of the same attempt."""
        self._start = self._started(model_id)
        self._wake()

    def delta(self, text: str) -> None:
        """Say a piece of the reply, soon. Never waits."""
        if text:
            self._pieces.append(text)
            self._wake()

    async def end(self, event: events.ReplyCompleted | events.ReplyFailed) -> Appended:
        """Say the reply's end, after all deltas. Raises `prosa.errors.Unavailable`; may be
        called again: the log lets a final event in once."""
        self._final = self._append(event, Step.FINAL)
        return await self._taken()

    @contextmanager
    def stops(self, scope: StopScope) -> Generator[None]:
        """Stop `scope` when the log says that the user cancelled or a later attempt took over."""
        self._scope = scope
        if self._stop_reason is not None:
            scope.stop(self._stop_reason)
        try:
            yield
        finally:
            self._scope = None

    def stop(self, reason: StopReason) -> None:
        """Stop whoever writes the reply."""
        self._stop_reason = self._stop_reason or reason
        if self._scope is not None:
            self._scope.stop(reason)

    def take(self) -> Take:
        """Hand over what was said since the last take."""
        text, self._pieces = "".join(self._pieces), []
        appends = [self._start] if self._start else []
        if text:
            delta = events.ReplyDelta(
                job_id=self.job.job_id, attempt=self.job.attempt, index=self._index, text=text
            )
            appends.append(self._append(delta, Step.DELTA))
        if self._final:
            appends.append(self._final)
        take = Take(appends, self._start, text, self._waiting)
        self._index += len(text)
        self._start, self._final, self._waiting = None, None, []
        return take

    def taken(self, take: Take, results: Sequence[Appended]) -> None:
        """The log answered."""
        for append, result in zip(take.appends, results, strict=True):
            if result.is_cancelled:
                self.stop(StopReason.CANCELLED)
            if result.verdict is not Verdict.APPENDED and append.step is not Step.FINAL:
                self.stop(StopReason.FENCED)
        for waiting in take.waiting:
            if not waiting.done():
                waiting.set_result(results[-1])

    def untaken(self, take: Take, error: Unavailable) -> None:
        """The log did not answer: keep what was said for the next tick, tell who waits."""
        self._start = self._start or take.start
        if take.text:
            self._pieces.insert(0, take.text)
            self._index -= len(take.text)
        for waiting in take.waiting:
            if not waiting.done():
                waiting.set_exception(error)

    def _started(self, model_id: str) -> Append:
        job = self.job
        started = events.ReplyStarted(
            job_id=job.job_id,
            conversation_id=job.conversation_id,
            message_id=job.reply_id,
            parent_id=job.message_id,
            attempt=job.attempt,
            model=model_id,
        )
        return self._append(started, Step.START)

    def _append(self, event: events.ServerFrame, step: Step) -> Append:
        job = self.job
        return Append(job.user_id, events.encode(event), step, job.job_id, job.attempt)

    async def _taken(self) -> Appended:
        waiting: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._wake()
        return await waiting
