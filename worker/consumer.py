"""Takes messages off the queue and gives each to a handler; knows SQS and no chat.

Messages of one group are handled one after another, groups side by side. One receive can hold
several messages of a group: if one of them has to be delivered again, those after it are given
back unhandled, or a reply would overtake the one before it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from prosa.errors import Unavailable
from prosa.job_queue import BATCH, Delivery
from worker import metrics
from worker.leases import Lease, Leases
from worker.outcome import DeadLetter, Done, Dropped, Outcome, Retry
from worker.queue_threads import QueueThreads
from worker.stopping import Stopped, StopReason

log = logging.getLogger(__name__)

POLL_BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Waits after receives that failed in a row; the last one repeats."""

GATHER_S = 0.02
"""How long a poll waits, while there is room for some messages, until there is for ten: a busy
worker would else make a call for each."""

BUG_BACKOFF_S = 60
"""Longest wait after a handler failed in a way it does not know itself."""

Handle = Callable[[Delivery], Awaitable[Outcome]]

OnStop = Callable[[Delivery, StopReason], Awaitable[None]]
"""Told of a message whose handler was stopped, before anything is done to it. Must not raise."""


async def _nothing(delivery: Delivery, reason: StopReason) -> None:
    """For handlers that hold nothing."""


@dataclass(frozen=True, kw_only=True)
class ConsumerLimits:
    """See the settings of the same names."""

    concurrency: int
    visibility_s: int
    poll_wait_s: int


class Consumer:
    """One process's share of the queue. `run` once; `stop_receiving` and `cut_short` end it."""

    def __init__(
        self,
        queue: QueueThreads,
        handle: Handle,
        leases: Leases,
        limits: ConsumerLimits,
        *,
        on_stop: OnStop = _nothing,
    ) -> None:
        self._queue = queue
        self._handle = handle
        self._on_stop = on_stop
        self._leases = leases
        self._limits = limits
        self._is_stopping = False
        self._changed = asyncio.Event()
        self._failed_polls = 0

    @property
    def is_receiving(self) -> bool:
        """Whether new messages are taken and SQS answers."""
        return not self._is_stopping and self._failed_polls == 0

    async def run(self) -> None:
        """Receive until `stop_receiving`; return when all that was received is settled."""
        async with asyncio.TaskGroup() as tasks:
            heartbeat = tasks.create_task(self._leases.keep(), name="heartbeat")
            async with asyncio.TaskGroup() as lanes:
                await self._receive(lanes)
            heartbeat.cancel()

    def stop_receiving(self) -> None:
        """Poll no more. The poll that is under way ends by itself; what it brings is given back,
        and so is what waits for its turn."""
        self._is_stopping = True
        self._changed.set()

    def cut_short(self) -> None:
        """Stop the jobs that run, and give their messages back."""
        self._leases.stop_all(StopReason.DRAINING)

    async def _receive(self, lanes: asyncio.TaskGroup) -> None:
        while True:
            room = await self._room()
            if self._is_stopping:
                return
            deliveries = await self._poll(min(room, BATCH))
            if self._is_stopping:
                await self._queue.release([d.receipt for d in deliveries], delay_s=0)
                return
            for lane in _by_group([self._leases.hold(d) for d in deliveries]):
                lanes.create_task(self._work_off(lane))

    async def _room(self) -> int:
        """Wait until one more message may be taken, and a moment longer for a whole batch's room.
        What was just received starts meanwhile, before the poll's thread competes with it."""
        await self._until_free(1)
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER_S):
                await self._until_free(min(BATCH, self._limits.concurrency))
        return self._limits.concurrency - len(self._leases)

    async def _until_free(self, wanted: int) -> None:
        while not self._is_stopping and self._limits.concurrency - len(self._leases) < wanted:
            self._changed.clear()
            await self._changed.wait()

    async def _poll(self, limit: int) -> list[Delivery]:
        try:
            deliveries = await self._queue.receive(
                limit, wait_s=self._limits.poll_wait_s, visibility_s=self._limits.visibility_s
            )
        except Unavailable as exc:
            metrics.POLL_FAILURES.inc()
            log.warning("poll_failed", extra={"detail": exc.detail})
            await self._pause(POLL_BACKOFF_S[min(self._failed_polls, len(POLL_BACKOFF_S) - 1)])
            self._failed_polls += 1
            return []
        self._failed_polls = 0
        return deliveries

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not self._is_stopping:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return

    async def _work_off(self, lane: Sequence[Lease]) -> None:
        """Handle the messages of one group in order; give the rest back where the order breaks."""
        for position, lease in enumerate(lane):
            if self._is_stopping and position > 0:
                await self._give_back(lane[position:])
                return
            outcome = await self._outcome(lease)
            settled = await self._settle(lease, outcome)
            self._changed.set()
            if not settled:
                await self._give_back(lane[position + 1 :])
                return

    async def _outcome(self, lease: Lease) -> Outcome:
        started = time.monotonic()
        try:
            async with lease.scope:
                return await self._handle(lease.delivery)
        except Stopped as stopped:
            await self._on_stop(lease.delivery, stopped.reason)
            if stopped.reason is StopReason.DRAINING:
                return Retry(0)
            return Dropped(stopped.reason)
        except Exception:
            log.exception("handler_failed", extra=_fields(lease.delivery))
            return Retry(min(2**lease.delivery.received, BUG_BACKOFF_S))
        finally:
            metrics.REPLY_S.observe(time.monotonic() - started)

    async def _settle(self, lease: Lease, outcome: Outcome) -> bool:
        """Do to the message what `outcome` says. True: the next of its group may go."""
        metrics.OUTCOMES.labels(type(outcome).__name__.lower()).inc()
        receipt = lease.delivery.receipt
        match outcome:
            case Done():
                self._leases.let_go(lease)
                await self._queue.delete(receipt)
                return True
            case DeadLetter(reason):
                log.error("dead_letter", extra={**_fields(lease.delivery), "reason": reason})
                buried = await self._queue.bury(lease.delivery, reason)
                self._leases.let_go(lease)
                if buried:
                    await self._queue.delete(receipt)
                return buried
            case Retry(delay_s):
                log.info("retry", extra={**_fields(lease.delivery), "delay_s": delay_s})
                await self._leases.let_go_for_release(lease)
                await self._queue.release([receipt], delay_s=delay_s)
                return False
            case Dropped(reason):
                log.warning("dropped", extra={**_fields(lease.delivery), "reason": reason})
                self._leases.let_go(lease)
                return False

    async def _give_back(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            await self._leases.let_go_for_release(lease)
        await self._queue.release([lease.delivery.receipt for lease in leases], delay_s=0)
        self._changed.set()


def _by_group(leases: Sequence[Lease]) -> list[list[Lease]]:
    groups: dict[str, list[Lease]] = {}
    for lease in leases:
        groups.setdefault(lease.delivery.group, []).append(lease)
    return list(groups.values())


def _fields(delivery: Delivery) -> dict[str, object]:
    return {
        "sqs_message_id": delivery.message_id,
        "group": delivery.group,
        "received": delivery.received,
        "traceparent": delivery.traceparent,
    }
