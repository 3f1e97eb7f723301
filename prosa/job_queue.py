"""The queue of jobs: SQS FIFO, one message group per conversation.

A group is delivered in order and one message at a time, so replies come in the order of their
questions, and one slow conversation delays no other. Delivery is at least once; the table's fence
makes the effect happen once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError

from prosa.errors import Unavailable
from prosa.jobs import JobMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import MessageSystemAttributeNameType

BATCH = 10
"""SQS takes and gives at most ten messages a call."""


# Not "All": there are nine, in every message, to be sent, parsed and dropped.
_READ: list[MessageSystemAttributeNameType] = [
    "ApproximateReceiveCount",
    "MessageGroupId",
    "SentTimestamp",
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message. `receipt` is good until its visibility ends."""

    message_id: str
    receipt: str
    body: str
    group: str
    received: int
    traceparent: str | None
    sent_at_ms: int = 0
    """When it was put on the queue, by SQS's clock."""
    reason: str | None = None
    """Why it was put on the dead-letter queue; None when SQS moved it."""


class JobQueue:
    """Methods block, for ten seconds when receiving, and raise `Unavailable` for an outage."""

    def __init__(self, sqs: SQSClient, queue_url: str) -> None:
        self._sqs = sqs
        self._url = queue_url

    def send(self, message: JobMessage, *, traceparent: str | None = None) -> None:
        """Put a job on the queue. Sending it again within five minutes changes nothing."""
        attributes: Any = {}
        if traceparent:
            attributes["traceparent"] = {"DataType": "String", "StringValue": traceparent}
        self._call(
            "send_message",
            MessageBody=message.encode(),
            MessageGroupId=message.conversation_id,
            MessageDeduplicationId=message.job_id,
            MessageAttributes=attributes,
        )

    def receive(self, limit: int, *, wait_s: int, visibility_s: int) -> list[Delivery]:
        """Wait up to `wait_s` for up to `limit` (10 at most) messages."""
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=min(limit, BATCH),
            WaitTimeSeconds=wait_s,
            VisibilityTimeout=visibility_s,
            MessageSystemAttributeNames=_READ,
            MessageAttributeNames=["traceparent", "reason"],
        )
        return [_delivery(message) for message in answer.get("Messages", [])]

    def delete(self, receipts: Sequence[str]) -> list[str]:
        """Take up to ten messages off the queue; gives the receipts SQS refused."""
        entries = [{"Id": str(i), "ReceiptHandle": r} for i, r in enumerate(receipts)]
        answer = self._call("delete_message_batch", Entries=entries)
        return _failed(answer, receipts)

    def change_visibility(self, receipts: Sequence[str], visibility_s: int) -> list[str]:
        """Hide up to ten messages for `visibility_s` from now; gives the receipts SQS refused.

        0 gives a message back at once. That SQS agrees is no proof that the message is still ours:
        the table's fence is.
        """
        entries = [
            {"Id": str(i), "ReceiptHandle": r, "VisibilityTimeout": visibility_s}
            for i, r in enumerate(receipts)
        ]
        answer = self._call("change_message_visibility_batch", Entries=entries)
        return _failed(answer, receipts)

    def send_body(
        self,
        body: str,
        *,
        group: str,
        deduplication_id: str,
        reason: str | None = None,
        traceparent: str | None = None,
    ) -> None:
        """Send a message as it is: to the dead-letter queue with why it is there, or back."""
        named = {"reason": (reason or "")[:256], "traceparent": traceparent}
        self._call(
            "send_message",
            MessageBody=body,
            MessageGroupId=group,
            MessageDeduplicationId=deduplication_id,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in named.items()
                if value
            },
        )

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        try:
            return getattr(self._sqs, operation)(QueueUrl=self._url, **arguments)
        except (BotoCoreError, ClientError) as exc:
            raise Unavailable(f"SQS does not take {operation}.") from exc


def _delivery(message: dict[str, Any]) -> Delivery:
    attributes = message.get("Attributes", {})
    named = message.get("MessageAttributes", {})
    return Delivery(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        group=attributes.get("MessageGroupId", ""),
        received=int(attributes.get("ApproximateReceiveCount", "1")),
        traceparent=named.get("traceparent", {}).get("StringValue"),
        sent_at_ms=int(attributes.get("SentTimestamp", "0")),
        reason=named.get("reason", {}).get("StringValue"),
    )


def _failed(answer: dict[str, Any], receipts: Sequence[str]) -> list[str]:
    failed = cast(list[dict[str, str]], answer.get("Failed", []))
    return [receipts[int(entry["Id"])] for entry in failed]
