"""What the stack keeps its data in, read from `infra/resources.json`.

That file is the one declaration of the queues, the table, the bucket and the parameters, in the
words of the AWS API. Terraform reads the same file, so the local stack and the cloud cannot drift.
"""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any, NotRequired, TypedDict

RESOURCES_FILE = Path(__file__).parents[1] / "infra" / "resources.json"


class Queue(TypedDict):
    """Arguments of `sqs:CreateQueue`; only the redrive policy is an object, not yet a string."""

    QueueName: str
    Attributes: dict[str, Any]


class Table(TypedDict):
    """Arguments of `dynamodb:CreateTable`, and of the two calls that follow it."""

    TableName: str
    BillingMode: str
    KeySchema: list[dict[str, str]]
    AttributeDefinitions: list[dict[str, str]]
    GlobalSecondaryIndexes: list[dict[str, Any]]
    TimeToLiveSpecification: dict[str, Any]
    PointInTimeRecoverySpecification: dict[str, Any]


class Bucket(TypedDict):
    """Arguments of `s3:CreateBucket` and `s3:PutPublicAccessBlock`."""

    Bucket: str
    PublicAccessBlockConfiguration: dict[str, bool]


class Parameter(TypedDict):
    """Arguments of `ssm:PutParameter`, without the value."""

    Name: str
    Type: str
    Description: NotRequired[str]


class Resources(TypedDict):
    """The whole file, for one stage."""

    queue: Queue
    dead_letter_queue: Queue
    table: Table
    bucket: Bucket
    parameters: list[Parameter]


def load_resources(*, stage: str, region: str, account: str) -> Resources:
    """Read the declaration of `stage`. Raises KeyError for a placeholder nobody fills."""
    text = Template(RESOURCES_FILE.read_text(encoding="utf-8"))
    return json.loads(text.substitute(stage=stage, region=region, account=account))
