"""The edge on real parts: a stage of its own in the AWS emulator, and an empty Redis."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from lambdas import bootstrap
from local.ports import free_ports
from local.provision import Provisioned
from prosa.job_queue import JobQueue
from prosa.jobs import JobMessage

MODELS = "local:prosa-tiny,openai:gpt-5-mini"


@dataclass(frozen=True)
class Edge:
    """The functions' environment, and what they left in the table and the queue."""

    resources: Provisioned
    _set: Callable[[str, str], None]

    def set(self, **settings: str) -> None:
        """Change settings, as a deploy would: the functions start anew."""
        for name, value in settings.items():
            self._set(f"PROSA_{name.upper()}", value)
        forget()

    def items(self) -> int:
        """How many items the table holds."""
        dynamodb = boto3.client("dynamodb")  # pyright: ignore[reportUnknownMemberType]
        return dynamodb.scan(TableName=self.resources.table, Select="COUNT")["Count"]

    def dump(self) -> list[str]:
        """The whole table, comparable."""
        dynamodb = boto3.client("dynamodb")  # pyright: ignore[reportUnknownMemberType]
        items = dynamodb.scan(TableName=self.resources.table)["Items"]
        return sorted(json.dumps(item, sort_keys=True, default=str) for item in items)

    def stored(self, prefix: str) -> list[str]:
        """The sort keys of the table's items that begin with `prefix`."""
        dynamodb = boto3.client("dynamodb")  # pyright: ignore[reportUnknownMemberType]
        found = dynamodb.scan(TableName=self.resources.table)["Items"]
        keys = [item["SK"].get("S", "") for item in found]
        return [key for key in keys if key.startswith(prefix)]

    def queued(self) -> list[JobMessage]:
        """Take what waits off the queue."""
        queue = JobQueue(boto3.client("sqs"), self.resources.queue_url)  # pyright: ignore[reportUnknownMemberType]
        deliveries = queue.receive(10, wait_s=0, visibility_s=30)
        if deliveries:
            queue.delete([delivery.receipt for delivery in deliveries])
        return [JobMessage.decode(delivery.body) for delivery in deliveries]

    def is_queue_empty(self) -> bool:
        sqs = boto3.client("sqs")  # pyright: ignore[reportUnknownMemberType]
        wanted: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=self.resources.queue_url, AttributeNames=wanted)[
            "Attributes"
        ]
        return all(int(found[name]) == 0 for name in wanted)


@pytest.fixture
def edge(resources: Provisioned, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    """Functions that start anew, with guests on and rates that only their own test meets."""
    edge = Edge(resources, monkeypatch.setenv)
    edge.set(
        stage=resources.stage,
        table=resources.table,
        bucket=resources.bucket,
        queue_url=resources.queue_url,
        parameters=resources.parameters,
        redis_url=redis_url,
        models=MODELS,
        ws_url="wss://prosa.example.com/ws",
        guests="on",
        rate_messages="1000/minute",
        rate_sign_in_ip="1000/minute",
        rate_sign_in_account="1000/minute",
    )
    yield edge
    forget()


@pytest.fixture
def no_redis(edge: Edge) -> None:
    """Redis is away: nothing listens where it should."""
    (port,) = free_ports(1)
    edge.set(redis_url=f"redis://127.0.0.1:{port}/0")


def forget() -> None:
    """Drop all that the functions made: the next call is a cold start."""
    if bootstrap.redis.cache_info().currsize:
        bootstrap.redis().close()
    for made in vars(bootstrap).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()
