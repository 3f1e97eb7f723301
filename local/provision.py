"""Create the stack's resources, or bring those that exist up to their declaration.

Called by `stack` at every start, so each step looks first and changes only what differs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.resources import Bucket, Queue, Resources, Table, load_resources

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

# Attributes that are set once, when the queue is made.
_FIXED_QUEUE_ATTRIBUTES = frozenset({"FifoQueue"})


class TableDiffers(Exception):
    """A table has other keys or indexes than declared: only a new one can have them."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"The stored table {table} has another shape than infra/resources.json declares. "
            "Start over without the old data: make clean-state"
        )


@dataclass(frozen=True, kw_only=True)
class Provisioned:
    """Where the resources of one stage are."""

    stage: str
    region: str
    table: str
    bucket: str
    queue_url: str
    dead_letter_queue_url: str
    parameters: str
    """Prefix of the parameters, `/prosa/<stage>`."""


def connect(environment: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a maker of clients of the AWS that `environment` points at, by service name."""
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    # The stubs of services we do not use are not installed: the overloads are part unknown.
    return partial(
        cast("Any", session).client,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        config=Config(connect_timeout=2, read_timeout=20),
    )


class Provisioner:
    """Makes the resources of stages at one AWS endpoint."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Connect with the variables every AWS SDK knows, taken from `environment`."""
        self._region = environment["AWS_REGION"]
        client = connect(environment)
        self.sqs: SQSClient = client("sqs")
        self.dynamodb: DynamoDBClient = client("dynamodb")
        self.s3: S3Client = client("s3")
        self.ssm: SSMClient = client("ssm")
        self.apigateway: APIGatewayClient = client("apigateway")
        self._account: str = client("sts").get_caller_identity()["Account"]

    def declared(self, stage: str) -> Resources:
        """Read what `stage` should have."""
        return load_resources(stage=stage, region=self._region, account=self._account)

    def provision(self, stage: str) -> Provisioned:
        """Make the queues, the table and the bucket of `stage`. Raises TableDiffers."""
        declared = self.declared(stage)
        # The dead-letter queue first: the other one's redrive policy names it.
        dead_letter_queue_url = self._put_queue(declared["dead_letter_queue"])
        queue_url = self._put_queue(declared["queue"])
        self._put_table(declared["table"])
        self._put_bucket(declared["bucket"])
        return Provisioned(
            stage=stage,
            region=self._region,
            table=declared["table"]["TableName"],
            bucket=declared["bucket"]["Bucket"],
            queue_url=queue_url,
            dead_letter_queue_url=dead_letter_queue_url,
            parameters=f"/prosa/{stage}",
        )

    def parameter_values(self, stage: str) -> dict[str, str]:
        """Read the parameters of `stage` that have a value, decrypted, by name."""
        names = [parameter["Name"] for parameter in self.declared(stage)["parameters"]]
        found: dict[str, str] = {}
        for start in range(0, len(names), 10):  # ten is the most GetParameters takes
            batch = self.ssm.get_parameters(Names=names[start : start + 10], WithDecryption=True)
            for parameter in batch["Parameters"]:
                found[parameter.get("Name", "")] = parameter.get("Value", "")
        return found

    def plain_parameter_values(self, stage: str) -> dict[str, str]:
        """Read the parameters of `stage` that are not secrets, by name."""
        secret = {
            each["Name"]
            for each in self.declared(stage)["parameters"]
            if each["Type"] == "SecureString"
        }
        values = self.parameter_values(stage)
        return {name: value for name, value in values.items() if name not in secret}

    def put_parameters(self, stage: str, values: Mapping[str, str]) -> None:
        """Store `values` by full name, each with its declared type. KeyError if undeclared."""
        declared = {
            parameter["Name"]: parameter for parameter in self.declared(stage)["parameters"]
        }
        stored = self.parameter_values(stage)
        for name, value in values.items():
            parameter = declared[name]
            if stored.get(name) != value:
                self.ssm.put_parameter(
                    Name=name,
                    Value=value,
                    Type="SecureString" if parameter["Type"] == "SecureString" else "String",
                    Description=parameter.get("Description", ""),
                    Overwrite=True,
                )

    def _put_queue(self, queue: Queue) -> str:
        attributes = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in queue["Attributes"].items()
        }
        try:
            url = self.sqs.get_queue_url(QueueName=queue["QueueName"])["QueueUrl"]
        except self.sqs.exceptions.QueueDoesNotExist:
            made = self.sqs.create_queue(QueueName=queue["QueueName"], Attributes=attributes)  # pyright: ignore[reportArgumentType]
            return made["QueueUrl"]
        changeable: Any = {k: v for k, v in attributes.items() if k not in _FIXED_QUEUE_ATTRIBUTES}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes=changeable)
        return url

    def _put_table(self, table: Table) -> None:
        name = table["TableName"]
        after = ("TimeToLiveSpecification", "PointInTimeRecoverySpecification")
        arguments: Any = {key: value for key, value in table.items() if key not in after}
        try:
            stored = self.dynamodb.describe_table(TableName=name)["Table"]
        except self.dynamodb.exceptions.ResourceNotFoundException:
            self.dynamodb.create_table(**arguments)
            self.dynamodb.get_waiter("table_exists").wait(
                TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
            )
        else:
            if _shape(stored) != _shape(table):
                raise TableDiffers(name)
        self._put_table_settings(table)

    def _put_table_settings(self, table: Table) -> None:
        name, ttl = table["TableName"], table["TimeToLiveSpecification"]
        stored = self.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        # AWS refuses to enable what is enabled.
        if stored.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            self.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)  # pyright: ignore[reportArgumentType]
        self.dynamodb.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification=table["PointInTimeRecoverySpecification"],  # pyright: ignore[reportArgumentType]
        )

    def _put_bucket(self, bucket: Bucket) -> None:
        name = bucket["Bucket"]
        try:
            self.s3.head_bucket(Bucket=name)
        except ClientError as exc:
            if exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 404:
                raise
            self.s3.create_bucket(Bucket=name)
        block: Any = bucket["PublicAccessBlockConfiguration"]
        self.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)


def _shape(table: Mapping[str, Any]) -> dict[str, Any]:
    """Reduce a declared or described table to what cannot be changed in place."""
    return {
        "keys": _by_name(table["KeySchema"]),
        "indexes": {
            index["IndexName"]: (
                _by_name(index["KeySchema"]),
                index["Projection"]["ProjectionType"],
                frozenset(index["Projection"].get("NonKeyAttributes", ())),
            )
            for index in table.get("GlobalSecondaryIndexes") or ()
        },
    }


def _by_name(key_schema: list[dict[str, str]]) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in key_schema}
