"""The messages of the dead-letter queue, for those who look after it: the watch and `prosa dlq`.

Who looks holds what it sees for a while, so that two never treat the same message at once, and
gives back what it leaves there. A conversation shows its ten oldest messages at most: SQS hides
the rest of a group while some of it are held.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from prosa.errors import Unavailable, UnreadableJob
from prosa.job_queue import BATCH, Delivery, JobQueue
from prosa.jobs import JobMessage

log = logging.getLogger(__name__)

MOVED_BY_SQS = "received too often"
"""The reason of a message that carries none: SQS moved it, after the queue's maxReceiveCount."""

HOLD_S = 120
"""How long what is seen stays hidden from others, should its holder die."""

EMPTY_WAIT_S = 1
"""A short poll asks only some of SQS's servers: its silence does not say that nothing is there."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that no worker could end. `message` is None when its body makes no sense."""

    delivery: Delivery
    message: JobMessage | None
    reason: str

    @property
    def sent_at(self) -> datetime:
        """When it came here."""
        return datetime.fromtimestamp(self.delivery.sent_at_ms / 1000, UTC)


class DeadLetters:
    """The dead-letter queue. Methods raise `Unavailable` for an outage."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    @contextmanager
    def held(self, *, for_s: float = HOLD_S / 2) -> Generator[Iterator[DeadLetter]]:
        """See all messages, oldest of each conversation first, until there are no more.

        None is begun after `for_s` seconds. What was not removed is given back with the block.
        """
        seen: list[DeadLetter] = []
        try:
            yield self._take(seen, until=time.monotonic() + for_s)
        finally:
            self._give_back(seen)

    def remove(self, letter: DeadLetter) -> None:
        """Take a message off for good."""
        self._queue.delete([letter.delivery.receipt])

    def _take(self, seen: list[DeadLetter], *, until: float) -> Iterator[DeadLetter]:
        while time.monotonic() < until:
            deliveries = self._queue.receive(BATCH, wait_s=EMPTY_WAIT_S, visibility_s=HOLD_S)
            if not deliveries:
                return
            letters = [_letter(delivery) for delivery in deliveries]
            seen.extend(letters)
            yield from letters

    def _give_back(self, letters: Sequence[DeadLetter]) -> None:
        receipts = [letter.delivery.receipt for letter in letters]
        for begin in range(0, len(receipts), BATCH):
            try:
                # Those that were removed are refused, which is what is wanted.
                self._queue.change_visibility(receipts[begin : begin + BATCH], 0)
            except Unavailable as exc:
                log.warning("give_back_failed", extra={"detail": exc.detail})


def _letter(delivery: Delivery) -> DeadLetter:
    try:
        message = JobMessage.decode(delivery.body)
    except UnreadableJob as exc:
        return DeadLetter(delivery, None, delivery.reason or exc.detail)
    return DeadLetter(delivery, message, delivery.reason or MOVED_BY_SQS)
