"""The one publisher of a worker process: what many replies said in a tick goes out in one call.

One append call and one message per gateway node carry the tick for every conversation: an awaited
PUBLISH per token would cost fifteen times the CPU, and come later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from redis import RedisError

from prosa.errors import Unavailable
from prosa.event_log.log import EventLog
from prosa.jobs import Job
from worker import metrics
from worker.reply_feed import ReplyFeed
from worker.stopping import StopReason

log = logging.getLogger(__name__)

ROUND_S = 0.015
"""In a round each reply that has something to say says it once. Rounds begin this far apart. A lone
event does not wait: the first after a pause goes at once."""

TICK_REPLIES = 64
"""Replies that speak in one call; the others of a round in the next. Hundreds at once would hold
the loop up for as long as theirs take to write, and Redis with it: 64 are some 2 ms."""

TICK_S = 0.005
"""Between the calls of a round."""

CROWDED_ROUND_S = 0.05
"""Between rounds of more than one call. A reply that grows twenty times a second reads as steadily
as one that grows sixty times, and a model's tokens join into half or a third as many events."""

OUTAGE_PAUSE_S = 0.25
"""Before the next try when Redis did not answer."""

SILENT_S = 2 * CROWDED_ROUND_S
"""A reply that said nothing for so long (its model has not begun) does not hear of its cancellation
with an answer."""

CANCEL_POLL_S = 0.05
"""So often the log is asked about all silent replies, in one call. A stop is to be honoured in
200 ms: after its last word a reply may be silent for so long, and then wait for the next poll."""

_OUTAGE = (RedisError, OSError, TimeoutError)


class Publisher:
    """Runs as long as the worker: `run` it in a task."""

    def __init__(self, event_log: EventLog) -> None:
        self._log = event_log
        self._open: set[ReplyFeed] = set()
        self._dirty: dict[ReplyFeed, None] = {}
        self._wake = asyncio.Event()
        self._is_failing = False

    @contextmanager
    def open(self, job: Job) -> Generator[ReplyFeed]:
        """Give an attempt its voice. What was not taken when the block ends is dropped."""

        def wake() -> None:
            self._dirty[feed] = None
            self._wake.set()

        feed = ReplyFeed(job, wake=wake)
        self._open.add(feed)
        try:
            yield feed
        finally:
            self._open.discard(feed)
            self._dirty.pop(feed, None)

    async def run(self) -> None:
        """Flush for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_cancels(), name="cancel-watch")
            while True:
                await self._wake.wait()
                await self._round()

    async def _round(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        feeds = list(self._dirty)
        self._dirty.clear()
        self._wake.clear()
        for start in range(0, len(feeds), TICK_REPLIES):
            await self._flush(feeds[start : start + TICK_REPLIES])
            await asyncio.sleep(OUTAGE_PAUSE_S if self._is_failing else TICK_S)
        is_crowded = len(feeds) > TICK_REPLIES
        next_at = began + (CROWDED_ROUND_S if is_crowded else ROUND_S)
        await asyncio.sleep(max(0, next_at - loop.time()))

    async def _flush(self, feeds: Sequence[ReplyFeed]) -> None:
        takes = [(feed, feed.take()) for feed in feeds if feed in self._open and feed.has_more]
        appends = [append for _, take in takes for append in take.appends]
        if not appends:
            return
        metrics.EVENTS_PER_TICK.observe(len(appends))
        try:
            with metrics.TICK_S.time():
                results = await self._log.append(appends)
        except _OUTAGE as exc:
            self._failed(exc)
            for feed, take in takes:
                feed.untaken(take, Unavailable("Redis does not take events."))
                self._again(feed)
            return
        self._is_failing = False
        now, begin = asyncio.get_running_loop().time(), 0
        for feed, take in takes:
            end = begin + len(take.appends)
            feed.said_at = now
            feed.taken(take, results[begin:end])
            begin = end

    def _again(self, feed: ReplyFeed) -> None:
        if feed in self._open and feed.has_more:
            self._dirty[feed] = None
            self._wake.set()

    def _failed(self, exc: Exception) -> None:
        metrics.PUBLISH_FAILURES.inc()
        if not self._is_failing:  # one line per outage, not one per tick
            log.warning("publish_failed", extra={"error": type(exc).__name__})
        self._is_failing = True

    async def _watch_cancels(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CANCEL_POLL_S)
            silent = [f for f in self._open if f.said_at < loop.time() - SILENT_S]
            jobs = [(feed.job.user_id, feed.job.job_id) for feed in silent]
            try:
                marks = await self._log.are_cancelled(jobs)
            except _OUTAGE:
                continue
            for feed, is_cancelled in zip(silent, marks, strict=True):
                if is_cancelled:
                    feed.stop(StopReason.CANCELLED)
