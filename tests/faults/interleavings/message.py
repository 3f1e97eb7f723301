"""A queue with one message. Its visibility ends when the schedule says so, not with the clock."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from botocore.exceptions import EndpointConnectionError

from prosa.errors import Unavailable
from prosa.job_queue import Delivery
from tests.faults.interleavings.steps import Killed, Steps

SILENT = Unavailable("SQS does not answer.")


class OneMessage:
    """The message and who may settle it: the newest delivery only, as on a FIFO queue of SQS."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.is_there = True
        self.deliveries = 0
        self._is_visible = True

    def expire(self) -> None:
        """The visibility of whoever holds it ends."""
        self._is_visible = True

    def deliver(self) -> Delivery | None:
        if not (self.is_there and self._is_visible):
            return None
        self.deliveries += 1
        self._is_visible = False
        return Delivery(
            message_id="message",
            receipt=str(self.deliveries),
            body=self.body,
            group="conversation",
            received=self.deliveries,
            traceparent=None,
        )

    def delete(self, receipt: str) -> bool:
        if not self._holds(receipt):
            return False
        self.is_there = False
        return True

    def release(self, receipt: str) -> bool:
        if not self._holds(receipt):
            return False
        self._is_visible = True
        return True

    def _holds(self, receipt: str) -> bool:
        return self.is_there and not self._is_visible and receipt == str(self.deliveries)


class QueueOfOne:
    """The message as one worker's `JobQueue`: it gets one delivery, and then waits for ever."""

    def __init__(self, message: OneMessage, steps: Steps) -> None:
        self._message = message
        self._steps = steps
        self._has_received = False
        self._dead = threading.Event()
        self.has_deleted = threading.Event()

    def receive(self, limit: int, *, wait_s: int, visibility_s: int) -> list[Delivery]:
        _ = limit, wait_s, visibility_s
        if not self._has_received:
            self._has_received = True
            delivery = self._message.deliver()
            return [delivery] if delivery else []
        self._steps.nothing_in_hand()
        self._dead.wait()
        raise Killed

    def delete(self, receipts: Sequence[str]) -> list[str]:
        def refused() -> list[str]:
            return [r for r in receipts if not self._message.delete(r)]

        try:
            return self._steps.in_thread("delete", refused, SILENT)
        finally:
            self.has_deleted.set()

    def change_visibility(self, receipts: Sequence[str], visibility_s: int) -> list[str]:
        _ = visibility_s

        def refused() -> list[str]:
            return [r for r in receipts if not self._message.release(r)]

        return self._steps.in_thread("release", refused, SILENT)

    def kill(self) -> None:
        self._dead.set()


def no_answer() -> EndpointConnectionError:
    """What boto3 raises when AWS does not answer."""
    return EndpointConnectionError(endpoint_url="aws")
