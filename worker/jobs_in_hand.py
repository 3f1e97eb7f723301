"""The jobs this process holds, from their claim until they have their end or are given back.

`handle_job` claims and gives back, `consumer` tells of those it stopped. A job that is given back
waits in the table as it did before its claim, so its user can still stop it at once; and when the
attempt ended by no fault of the job, it does not count (docs/adr/0014).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from redis import RedisError

from prosa.errors import NotFound, Unavailable
from prosa.event_log.log import EventLog
from prosa.ids import JobId
from prosa.job_queue import Delivery
from prosa.jobs import Excuse, Job
from prosa.store.jobs import AlreadyFinished, Claimed
from worker.stopping import StopReason
from worker.store_threads import StoreThreads

log = logging.getLogger(__name__)

GIVE_BACK_S = 2.0
"""How long giving back may take. It is a courtesy that must fit between a drain's time and the
SIGKILL behind it; what it could not write costs the job a try."""

SUSPECT_CRASHES = 2
"""A job whose workers died this often may be what kills them. Whoever stood beside it once when it
did may well be innocent, so the first time says nothing."""

_EXCUSES = {StopReason.DRAINING: Excuse.DRAINING, StopReason.LOST: Excuse.LEASE_LOST}

Claim = Claimed | AlreadyFinished


class JobsInHand:
    """All jobs of one process, by the delivery they came with. Giving back raises nothing."""

    def __init__(self, store: StoreThreads, event_log: EventLog) -> None:
        self._store = store
        self._log = event_log
        self._claims: dict[str, asyncio.Future[Claim]] = {}
        self._owed: dict[tuple[JobId, int], tuple[Job, Excuse]] = {}
        self._one_suspect = asyncio.Lock()

    @asynccontextmanager
    async def turn(self, delivery: Delivery, job_id: JobId) -> AsyncGenerator[None]:
        """Wait, before the claim, until no other suspect runs here. Raises Unavailable.

        A message that kills its worker takes the jobs beside it along, and what is claimed then
        has lost a try. One suspect at a time, it can take no other suspect to its last.
        """
        if not await self._is_suspect(delivery, job_id):
            yield
            return
        log.warning("suspect", extra={"job_id": job_id, "received": delivery.received})
        async with self._one_suspect:
            yield

    async def _is_suspect(self, delivery: Delivery, job_id: JobId) -> bool:
        if delivery.received <= SUSPECT_CRASHES:  # it cannot have crashed so often
            return False
        job = await self._store.find(job_id)
        return job is not None and not job.status.is_final and job.crashes >= SUSPECT_CRASHES

    async def claim(self, delivery: Delivery, job_id: JobId) -> Claim:
        """Take the job for its next attempt. Raises NotFound, Unavailable."""
        await self._pay()
        claiming = asyncio.ensure_future(self._store.claim(job_id))
        self._claims[delivery.receipt] = claiming
        try:
            # Whoever is stopped here may have claimed: the call is in its thread, and is waited
            # for when the job is given back.
            claim = await asyncio.shield(claiming)
        except (NotFound, Unavailable):
            self.ended(delivery)
            raise
        if isinstance(claim, AlreadyFinished):
            self.ended(delivery)
        return claim

    def ended(self, delivery: Delivery) -> None:
        """The job has its end, or is somebody else's."""
        self._claims.pop(delivery.receipt, None)

    async def stopped(self, delivery: Delivery, reason: StopReason) -> None:
        """The job was stopped from outside: it waits again, and this attempt does not count."""
        await self.give_back(delivery, _EXCUSES.get(reason))

    async def give_back(self, delivery: Delivery, excuse: Excuse | None) -> bool:
        """Let the job wait. True: its user asked to stop it, so let it not wait long."""
        claiming = self._claims.pop(delivery.receipt, None)
        if claiming is None:
            return False
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                claim = await claiming
        except (NotFound, Unavailable, TimeoutError):
            return False  # of a claim that is not known nothing can be given back
        if not isinstance(claim, Claimed):
            return False
        if not await self._write(claim.job, excuse) and excuse is not None:
            self._owed[claim.job.job_id, claim.job.attempt] = (claim.job, excuse)
        return await self._is_cancelled(claim.job)

    async def _write(self, job: Job, excuse: Excuse | None) -> bool:
        try:
            async with asyncio.timeout(GIVE_BACK_S):
                await self._store.give_back(job, excuse)
        except (Unavailable, TimeoutError):
            log.warning("not_given_back", extra={"job_id": job.job_id, "attempt": job.attempt})
            return False
        return True

    async def _pay(self) -> None:
        """Write the excuses that an outage of the table kept from being written."""
        for key, (job, excuse) in list(self._owed.items()):
            if not await self._write(job, excuse):
                return
            self._owed.pop(key, None)

    async def _is_cancelled(self, job: Job) -> bool:
        """Whoever cancels marks the job first and looks at the table then; here it is the other
        way round. So one of both sees the other, however closely they pass."""
        try:
            return await self._log.is_cancelled(job.user_id, job.job_id)
        except (RedisError, OSError, TimeoutError):
            return False
