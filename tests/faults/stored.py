"""What a scenario leaves behind: the table, the queues, Redis, the calls of the model, the logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis import Redis

from local.provision import Provisioned, Provisioner
from prosa.conversation import Message
from prosa.jobs import Job
from prosa.redis_client import connect_blocking
from prosa.store.items import Item, from_item, read_as
from prosa.store.long_texts import LongTexts

_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed")
_IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A message in the dead-letter queue; `reason` None: SQS moved it."""

    body: str
    group: str
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A process that lived through the scenario: resident bytes and open files, then and now."""

    process: str
    bytes_before: int
    bytes_after: int
    files_before: int
    files_after: int


@dataclass(frozen=True, kw_only=True)
class Stored:
    """All that is left when a scenario has settled and its processes have ended."""

    jobs: Sequence[Job] = ()
    messages: Sequence[Message] = ()
    conversations: Sequence[str] = ()
    """Ids; a job may outlive its deleted conversation."""
    waiting: int = 0
    in_flight: int = 0
    dead_letters: Sequence[DeadLetter] = ()
    redis_ttls: Mapping[str, int] = field(default_factory=dict[str, int])
    """Seconds each key has left; -1 is for ever."""
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls of a model by question."""
    calls_per_attempt: int = 3
    logs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Log files by process."""
    memory: Sequence[Memory] = ()


@dataclass(frozen=True)
class Depths:
    """How many messages a queue holds."""

    waiting: int
    in_flight: int

    @property
    def is_empty(self) -> bool:
        return self.waiting == 0 and self.in_flight == 0


def depths(provisioner: Provisioner, queue_url: str) -> Depths:
    """Count a queue's messages: those that wait, and those some worker has in hand."""
    wanted: Any = [*_COUNTS, _IN_FLIGHT]
    answer = provisioner.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=wanted)
    found = {str(name): int(value) for name, value in answer.get("Attributes", {}).items()}
    return Depths(sum(found.get(name, 0) for name in _COUNTS), found.get(_IN_FLIGHT, 0))


def jobs_of(provisioner: Provisioner, table: str) -> list[Job]:
    """Every job in the table."""
    return [read_as(Job, item) for item in _items(provisioner, table) if item["SK"] == "JOB"]


def dump(
    provisioner: Provisioner,
    resources: Provisioned,
    *,
    redis_url: str,
    questions: Iterable[str],
    calls_per_attempt: int,
    logs: Mapping[str, Path],
    memory: Sequence[Memory],
) -> Stored:
    """Read everything; takes the messages out of the dead-letter queue."""
    texts = LongTexts(provisioner.s3, resources.bucket)
    items = list(_items(provisioner, resources.table))
    queue = depths(provisioner, resources.queue_url)
    with connect_blocking(redis_url) as redis:
        ttls = _ttls(redis)
    return Stored(
        jobs=[read_as(Job, item) for item in items if item["SK"] == "JOB"],
        messages=[
            read_as(Message, texts.fill(item)) for item in items if item["SK"].startswith("MSG#")
        ],
        conversations=[item["SK"][4:] for item in items if item["SK"].startswith("CNV#")],
        waiting=queue.waiting,
        in_flight=queue.in_flight,
        dead_letters=_dead_letters(provisioner, resources.dead_letter_queue_url),
        redis_ttls=ttls,
        calls=Counter(questions),
        calls_per_attempt=calls_per_attempt,
        logs=logs,
        memory=memory,
    )


def _items(provisioner: Provisioner, table: str) -> Iterable[Item]:
    pages = provisioner.dynamodb.get_paginator("scan").paginate(
        TableName=table, ConsistentRead=True
    )
    for page in pages:
        for item in page["Items"]:
            yield from_item(item)


def _dead_letters(provisioner: Provisioner, queue_url: str) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    while True:
        answer: Any = provisioner.sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=600,
            MessageSystemAttributeNames=["MessageGroupId"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            return found
        for message in messages:
            reason = message.get("MessageAttributes", {}).get("reason", {}).get("StringValue")
            group = message.get("Attributes", {}).get("MessageGroupId", "")
            found.append(DeadLetter(body=message["Body"], group=group, reason=reason))
        provisioner.sqs.delete_message_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]}
                for i, message in enumerate(messages)
            ],
        )


def _ttls(redis: Redis) -> dict[str, int]:
    client = cast(Any, redis)
    return {key: int(client.ttl(key)) for key in client.scan_iter(count=500)}
