"""What becomes of a queue message: the handler says it, the consumer does it.

So the handler knows no queue, and the consumer no chat.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """The job has its end, and its user was told: delete the message."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Deliver the message again after `delay_s` seconds, and nothing of its group before it."""

    delay_s: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """No delivery will ever succeed: move the message to the dead-letter queue."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """The message is someone else's by now: touch nothing."""

    reason: str


Outcome = Done | Retry | DeadLetter | Dropped
