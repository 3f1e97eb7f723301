"""The one publisher of a worker process: what all replies said in a tick goes out in one call.

One append call and one PUBLISH per gateway node carry the tick for every conversation: an awaited
PUBLISH per token would cost fifteen times the CPU, and come later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice

from redis import RedisError

from prosa.errors import Unavailable
from prosa.event_log.log import EventLog
from prosa.jobs import Job
from worker import metrics
from worker.reply_feed import ReplyFeed
from worker.stopping import StopReason

log = logging.getLogger(__name__)

TICK_S = 0.015
"""Ticks are this far apart. A lone event does not wait: the first after a pause goes at once."""

TICK_REPLIES = 32
"""Replies that speak in one tick; the others in the next, in turn. Hundreds at once would hold the
loop up for as long as theirs take to write, and Redis with it; waiting, their deltas join."""

BUSY_TICK_S = 0.005
"""Between ticks while replies wait for their turn."""

OUTAGE_PAUSE_S = 0.25
"""Before the next try when Redis did not answer."""

CANCEL_POLL_S = 0.05
"""A reply that says nothing (its model has not begun) does not hear of its cancellation with an
answer: for those the log is asked this often, all in one call. A stop is to be honoured in 200 ms,
and two of these may pass before a reply counts as silent and is asked for."""

_OUTAGE = (RedisError, OSError, TimeoutError)


class Publisher:
    """Runs as long as the worker: `run` it in a task, `flush` before the end."""

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
                await self._flush()
                await asyncio.sleep(self._pause_s())

    def _pause_s(self) -> float:
        if self._is_failing:
            return OUTAGE_PAUSE_S
        return BUSY_TICK_S if len(self._dirty) > TICK_REPLIES else TICK_S

    async def _flush(self) -> None:
        feeds = list(islice(self._dirty, TICK_REPLIES))
        for feed in feeds:
            del self._dirty[feed]
        if not self._dirty:
            self._wake.clear()
        takes = [(feed, feed.take()) for feed in feeds if feed.has_more]
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
            silent = [f for f in self._open if f.said_at < loop.time() - CANCEL_POLL_S]
            jobs = [(feed.job.user_id, feed.job.job_id) for feed in silent]
            try:
                marks = await self._log.are_cancelled(jobs)
            except _OUTAGE:
                continue
            for feed, is_cancelled in zip(silent, marks, strict=True):
                if is_cancelled:
                    feed.stop(StopReason.CANCELLED)
