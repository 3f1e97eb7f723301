"""The parts the other tests stand on."""

from __future__ import annotations

import json

import pytest

from local.provision import Provisioned, Provisioner
from prosa.aws import client
from prosa.redis_client import connect_blocking


def test_redis_url_is_an_empty_database(redis_url: str) -> None:
    with connect_blocking(redis_url) as redis:
        assert redis.get("left") is None
        redis.set("left", "over")


def test_redis_url_is_emptied_between_tests(redis_url: str) -> None:
    with connect_blocking(redis_url) as redis:
        assert redis.get("left") is None


def test_queue_is_a_fair_fifo_with_a_dead_letter_queue(resources: Provisioned) -> None:
    sqs = client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=resources.queue_url, AttributeNames=["All"])
    attributes = found.get("Attributes", {})
    assert attributes["DeduplicationScope"] == "messageGroup"
    assert attributes["FifoThroughputLimit"] == "perMessageGroupId"
    assert attributes["VisibilityTimeout"] == "30"
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["maxReceiveCount"] == 50
    dead = sqs.get_queue_attributes(
        QueueUrl=resources.dead_letter_queue_url, AttributeNames=["All"]
    ).get("Attributes", {})
    assert redrive["deadLetterTargetArn"] == dead["QueueArn"]
    assert dead["MessageRetentionPeriod"] == str(14 * 24 * 3600)


def test_table_has_its_index_its_expiry_and_its_backups(resources: Provisioned) -> None:
    dynamodb = client("dynamodb")
    table = dynamodb.describe_table(TableName=resources.table)["Table"]
    assert [index.get("IndexName") for index in table.get("GlobalSecondaryIndexes", [])] == [
        "lookup"
    ]
    ttl = dynamodb.describe_time_to_live(TableName=resources.table)["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = dynamodb.describe_continuous_backups(TableName=resources.table)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    assert recovery.get("PointInTimeRecoveryStatus") == "ENABLED"


def test_provisioning_again_changes_nothing_and_keeps_data(
    resources: Provisioned, provisioner: Provisioner
) -> None:
    dynamodb = client("dynamodb")
    item = {"PK": {"S": "USER#1"}, "SK": {"S": "PROFILE"}}
    dynamodb.put_item(TableName=resources.table, Item=item)
    assert provisioner.provision(resources.stage) == resources
    kept = dynamodb.get_item(TableName=resources.table, Key=item)
    assert kept.get("Item") == item


def test_provisioning_brings_a_changed_queue_back(
    resources: Provisioned, provisioner: Provisioner
) -> None:
    sqs = client("sqs")
    sqs.set_queue_attributes(QueueUrl=resources.queue_url, Attributes={"VisibilityTimeout": "3"})
    provisioner.provision(resources.stage)
    found = sqs.get_queue_attributes(
        QueueUrl=resources.queue_url, AttributeNames=["VisibilityTimeout"]
    )
    assert found.get("Attributes", {}).get("VisibilityTimeout") == "30"


@pytest.mark.parametrize("secret", ["jwt/private-key", "refresh-token-key"])
def test_secrets_are_encrypted_at_rest(resources: Provisioned, secret: str) -> None:
    ssm = client("ssm")
    name = f"{resources.parameters}/{secret}"
    sealed = ssm.get_parameter(Name=name)["Parameter"]
    opened = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert sealed.get("Type") == "SecureString"
    assert sealed.get("Value") != opened.get("Value")
