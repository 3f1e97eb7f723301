"""The messages in hand, kept invisible to other workers by one heartbeat for all.

`consumer` holds a lease per message, also for those that wait for their turn. A lease that cannot
be renewed is lost: its job is stopped, for another worker may have the message by now. That is
courtesy and economy; what makes the effect happen once is the fence in table and log.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence

from prosa.errors import Unavailable
from prosa.job_queue import BATCH, Delivery
from worker import metrics
from worker.stopping import StopReason, StopScope

log = logging.getLogger(__name__)

MISSES = 2
"""Beats in a row that may not fail: SQS answers most single failures with success the next time."""

JITTER = 0.1
"""Beats of many workers must not fall together."""

Extend = Callable[[Sequence[str], int], Awaitable[list[str]]]
"""(up to ten receipts, seconds) -> the refused receipts. Raises `prosa.errors.Unavailable`."""


class Lease:
    """One message in hand. `scope` is the block its job runs in."""

    def __init__(self, delivery: Delivery, *, visibility_s: float) -> None:
        self.delivery = delivery
        self.scope = StopScope()
        self._visibility_s = visibility_s
        self._invisible_until = time.monotonic() + visibility_s
        self._misses = 0

    @property
    def is_over(self) -> bool:
        """Whether the message is visible again by our own clock, as after a freeze."""
        return time.monotonic() > self._invisible_until

    def renewed(self, asked_at: float) -> None:
        """SQS agreed to a request sent at `asked_at`; its time runs from then at the earliest."""
        self._misses = 0
        self._invisible_until = asked_at + self._visibility_s

    def missed(self) -> bool:
        """Count a failed beat. True: it was one too many."""
        self._misses += 1
        return self._misses >= MISSES


class Leases:
    """All messages in hand of one process."""

    def __init__(self, extend: Extend, *, visibility_s: int, heartbeat_s: float) -> None:
        self._extend = extend
        self._visibility_s = visibility_s
        self._heartbeat_s = heartbeat_s
        self._held: dict[str, Lease] = {}
        self._beat = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, delivery: Delivery) -> Lease:
        """Begin to keep a message that was just received."""
        lease = Lease(delivery, visibility_s=self._visibility_s)
        self._held[delivery.receipt] = lease
        metrics.MESSAGES_IN_HAND.set(len(self._held))
        return lease

    def let_go(self, lease: Lease) -> None:
        """Stop to renew a message, before it is deleted."""
        self._held.pop(lease.delivery.receipt, None)
        metrics.MESSAGES_IN_HAND.set(len(self._held))

    async def let_go_for_release(self, lease: Lease) -> None:
        """Stop to renew a message that will be given back.

        Waits for a beat that is under way: it would hide for long what is given back for soon.
        """
        self.let_go(lease)
        async with self._beat:
            pass

    def stop_all(self, reason: StopReason) -> None:
        """Stop every job in hand, also those that have not begun."""
        for lease in self._held.values():
            lease.scope.stop(reason)

    async def keep(self) -> None:
        """Renew all leases for ever."""
        while True:
            await asyncio.sleep(self._heartbeat_s * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - jitter
            async with self._beat:
                await self._renew_all()

    async def _renew_all(self) -> None:
        for lease in [lease for lease in self._held.values() if lease.is_over]:
            self._lose(lease, "frozen")
        receipts = list(self._held)
        batches = [receipts[i : i + BATCH] for i in range(0, len(receipts), BATCH)]
        await asyncio.gather(*(self._renew(batch) for batch in batches))

    async def _renew(self, receipts: Sequence[str]) -> None:
        asked_at = time.monotonic()
        try:
            refused = set(await self._extend(receipts, self._visibility_s))
        except Unavailable:
            refused = set(receipts)
        for receipt in receipts:
            lease = self._held.get(receipt)
            if lease is None:  # settled meanwhile
                continue
            if receipt not in refused:
                lease.renewed(asked_at)
            elif lease.missed():
                self._lose(lease, "refused")

    def _lose(self, lease: Lease, cause: str) -> None:
        metrics.LEASES_LOST.inc()
        log.warning("lease_lost", extra={"group": lease.delivery.group, "cause": cause})
        self.let_go(lease)
        lease.scope.stop(StopReason.LOST)
