"""Lets one schedule happen to one job, one call at a time, until its message is gone.

A worker runs alone until its delivery is settled or a fault stops it; then the message's visibility
ends and the next worker gets it. Zombies wake where the schedule says, or when all is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from redis.asyncio import Redis
from tenacity import stop_after_attempt, wait_none

from prosa.event_log.log import EventLog
from prosa.jobs import Job, JobMessage
from prosa.store.jobs import JobStore
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table
from tests.builders import an_acceptance
from tests.faults.interleavings.incarnation import Incarnation, Outside
from tests.faults.interleavings.message import OneMessage
from tests.faults.interleavings.schedules import Fault, Kind, Place, Schedule
from tests.faults.interleavings.steps import Fate, Step
from tests.faults.interleavings.verdict import Life, read_life
from worker import handle_job, publisher, queue_threads, store_threads

MOST_DELIVERIES = 30
STUCK_S = 10.0
"""A worker that makes no call for so long hangs: that is a finding, too."""


class Stuck(Exception):
    """A worker neither went on nor gave up."""


class Play:
    """One job under one schedule."""

    def __init__(self, schedule: Schedule, outside: Outside, job: Job) -> None:
        self.job = job
        self.lives: list[Life] = []
        """What each life of the user's log said, oldest first."""
        self._faults = {fault.place: fault for fault in schedule}
        self._outside = outside
        body = JobMessage(
            job_id=job.job_id, user_id=job.user_id, conversation_id=job.conversation_id
        ).encode()
        self.message = OneMessage(body)
        self._frozen: list[tuple[Incarnation, Step, Place | None]] = []
        self.script: list[str] = []
        """What happened, for whoever reads a violation."""

    async def run(self) -> None:
        """Deliver until the message is gone and nobody sleeps."""
        for number in range(1, MOST_DELIVERIES + 1):
            if not self.message.is_there:
                if not self._frozen:
                    break
                await self._wake(self._frozen[0])
                continue
            self.message.expire()
            worker = Incarnation(number, self._outside, self.message)
            await self._follow(worker, await self._next(worker))
        for worker, _, _ in self._frozen:
            await worker.kill()
        self.lives.append(await read_life(self._outside.redis, self.job))

    async def _follow(self, worker: Incarnation, step: Step | None) -> None:
        """Let `worker` go on from `step`, which waits, until it is over or stopped."""
        while step is not None:
            place = Place(worker.number, worker.step)
            worker.step += 1
            await self._wake_those_due(place)
            fault = self._faults.pop(place, None)
            self.script.append(f"{place.delivery}.{place.step} {step.name} {fault or ''}".rstrip())
            if fault is not None and fault.kind is Kind.CRASH:
                break
            if fault is not None and fault.kind is Kind.FREEZE:
                self._frozen.append((worker, step, fault.wakes_at))
                return
            await self._happen(fault, step)
            step = await self._next(worker)
        await worker.kill()

    async def _happen(self, fault: Fault | None, step: Step) -> None:
        kind = fault.kind if fault is not None else None
        if kind is Kind.CANCEL:
            log = EventLog(self._outside.redis)
            await log.cancel(self.job.user_id, self.job.job_id)
        if kind is Kind.FORGET:
            self.lives.append(await read_life(self._outside.redis, self.job))
            await forget_all(self._outside.redis)
        fates = {Kind.REFUSED: Fate.REFUSED, Kind.LOST: Fate.LOST}
        step.fate.set_result(fates.get(kind, Fate.GO) if kind else Fate.GO)

    async def _wake_those_due(self, place: Place) -> None:
        for sleeper in [s for s in self._frozen if s[2] == place]:
            await self._wake(sleeper)

    async def _wake(self, sleeper: tuple[Incarnation, Step, Place | None]) -> None:
        if sleeper not in self._frozen:  # woken by another that woke
            return
        self._frozen.remove(sleeper)
        worker, step, _ = sleeper
        self.script.append(f"{worker.number} wakes")
        worker.step -= 1  # the call it froze at is made now
        await self._follow(worker, step)

    async def _next(self, worker: Incarnation) -> Step | None:
        try:
            async with asyncio.timeout(STUCK_S):
                return await worker.steps.next()
        except TimeoutError:
            raise Stuck("\n".join(self.script)) from None


@contextmanager
def without_waits() -> Generator[None]:
    """Take out the pauses between tries: their number stays, two where they are by the clock."""
    with (
        patch.object(publisher, "TICK_S", 0),
        patch.object(publisher, "ROUND_S", 0),
        patch.object(publisher, "OUTAGE_PAUSE_S", 0),
        patch.object(queue_threads, "LINGER_S", 0),
        patch.object(handle_job, "TELL_PAUSES_S", (0.0,)),
        patch.object(store_threads, "stop_after_delay", _two_tries),
        patch.object(store_threads, "wait_random_exponential", _no_wait),
    ):
        yield


def _two_tries(delay_s: float) -> stop_after_attempt:
    _ = delay_s
    return stop_after_attempt(2)


def _no_wait(**limits: float) -> wait_none:
    _ = limits
    return wait_none()


async def forget_all(redis: Redis) -> None:
    """What a Redis without a disk does when it is started anew."""
    await redis.flushdb()  # pyright: ignore[reportUnknownMemberType]


async def play(schedule: Schedule, outside: Outside) -> Play:
    """Accept a job, let the schedule happen to it, and give all that was seen."""
    await forget_all(outside.redis)
    outside.llm_calls = 0
    outside.commits.clear()
    store = JobStore(Table(outside.dynamodb, outside.table), LongTexts(outside.s3, outside.bucket))
    job = await asyncio.to_thread(store.accept, an_acceptance())
    done = Play(schedule, outside, job)
    with without_waits():
        await done.run()
    return done
