"""The queue for asyncio: boto3 in threads of its own.

Two clients and two pools: a pool that is full of long polls would keep heartbeats waiting until
the messages they are for are visible again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from prosa.errors import Unavailable
from prosa.job_queue import BATCH, Delivery, JobQueue

log = logging.getLogger(__name__)
T = TypeVar("T")

ACK_THREADS = 4
LINGER_S = 0.02
"""How long a delete waits for others to share its call: a call costs more CPU than ten entries."""


class QueueThreads:
    """`receive` raises `prosa.errors.Unavailable`, as does `extend`; the others log and go on:
    what they could not do, the end of the message's visibility does."""

    def __init__(self, *, polls: JobQueue, acks: JobQueue, dead_letters: JobQueue) -> None:
        self._polls = polls
        self._acks = acks
        self._dead_letters = dead_letters
        self._poll_threads = ThreadPoolExecutor(1, thread_name_prefix="poll")
        self._ack_threads = ThreadPoolExecutor(ACK_THREADS, thread_name_prefix="ack")
        self._deletes = _Gathering(self._delete_batch)

    async def receive(self, limit: int, *, wait_s: int, visibility_s: int) -> list[Delivery]:
        """Wait for up to `limit` messages. Never cancel it: they would be in flight for nobody."""
        return await asyncio.get_running_loop().run_in_executor(
            self._poll_threads,
            lambda: self._polls.receive(limit, wait_s=wait_s, visibility_s=visibility_s),
        )

    async def extend(self, receipts: Sequence[str], visibility_s: int) -> list[str]:
        """Keep up to ten messages invisible; gives the receipts SQS refused."""
        return await self._ack(lambda: self._acks.change_visibility(receipts, visibility_s))

    async def delete(self, receipt: str) -> None:
        """Take a message off the queue, together with others that end at the same time."""
        await self._deletes.add(receipt)

    async def release(self, receipts: Sequence[str], *, delay_s: int) -> None:
        """Give messages back, to be delivered after `delay_s`."""
        for begin in range(0, len(receipts), BATCH):
            try:
                await self.extend(receipts[begin : begin + BATCH], delay_s)
            except Unavailable as exc:
                log.warning("release_failed", extra={"detail": exc.detail})

    async def bury(self, delivery: Delivery, reason: str) -> bool:
        """Copy a message to the dead-letter queue. False: it must stay where it is."""
        group = delivery.group or delivery.message_id
        try:
            await self._ack(
                lambda: self._dead_letters.send_body(
                    delivery.body,
                    group=group,
                    deduplication_id=delivery.message_id,
                    reason=reason,
                )
            )
        except Unavailable as exc:
            log.warning("bury_failed", extra={"detail": exc.detail})
            return False
        return True

    def close(self) -> None:
        """End the threads; the calls they are in go on to their end."""
        self._poll_threads.shutdown(wait=False)
        self._ack_threads.shutdown(wait=True)

    async def _delete_batch(self, receipts: Sequence[str]) -> None:
        try:
            refused = await self._ack(lambda: self._acks.delete(receipts))
        except Unavailable as exc:
            log.warning("delete_failed", extra={"detail": exc.detail})
            return
        if refused:
            log.warning("delete_refused", extra={"count": len(refused)})

    async def _ack(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._ack_threads, call)


class _Gathering:
    """Calls `send` once for items that come within a moment, ten at most. `send` must not raise."""

    def __init__(self, send: Callable[[Sequence[str]], Awaitable[None]]) -> None:
        self._send = send
        self._batch: _Batch | None = None

    async def add(self, item: str) -> None:
        """Wait until `item` was sent."""
        batch = self._batch
        if batch is None:
            batch = self._batch = _Batch()
            batch.sending = asyncio.create_task(self._send_soon(batch))
        batch.items.append(item)
        if len(batch.items) == BATCH:
            self._batch = None
            batch.full.set()
        # A caller that is cancelled must not take the others' items with it.
        await asyncio.shield(batch.sending)

    async def _send_soon(self, batch: _Batch) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                await batch.full.wait()
        if self._batch is batch:
            self._batch = None
        await self._send(batch.items)


class _Batch:
    """Items that share a call; `sending` ends when it was made."""

    def __init__(self) -> None:
        self.items: list[str] = []
        self.full = asyncio.Event()
        self.sending: asyncio.Task[None]
