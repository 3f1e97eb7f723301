"""`env/local.tfvars` at an emulator: made, the same as what `make run` makes, and taken away.

`make terraform-test`. The state lies in the emulator's S3, with the lock file docs/deploy.md tells
of. The tests stand in the order of what happens.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.launcher import Launcher
from local.ministack import aws_environment, start_ministack, wait_for_ministack
from local.parameters import put_parameters
from local.ports import free_ports
from local.provision import Provisioner, connect
from tests.cloud.terraform import STATE_BUCKET, Terraform, resources_of

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

STAGE = "local"
REDIS_URL = "redis://127.0.0.1:6390/0"


@dataclass(frozen=True)
class Applied:
    """Terraform with what it has made, and the emulator's environment."""

    terraform: Terraform
    environment: dict[str, str]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    folder = tmp_path_factory.mktemp("aws")
    (port,) = free_ports(1)
    launcher = Launcher(root=folder, write_line=lambda _name, _line: None, run_file=None)
    child = start_ministack(launcher, port=port, folder=None)
    try:
        wait_for_ministack(launcher, child, port)
        environment = aws_environment(port)
        connect(environment)("s3").create_bucket(Bucket=STATE_BUCKET)
        terraform = Terraform(stage=STAGE, environment=environment, folder=folder)
        terraform.init()
        terraform.apply({})
        yield Applied(terraform, environment)
    finally:
        child.stop(grace_s=5)


def _attributes(environment: dict[str, str]) -> dict[str, Any]:
    """All that AWS tells of queues, table, bucket and parameters, but for their ages."""
    client = connect(environment)
    sqs, dynamodb, s3, ssm = (client(name) for name in ("sqs", "dynamodb", "s3", "ssm"))
    queues = {
        url.rpartition("/")[2]: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        for url in sqs.list_queues(QueueNamePrefix=f"prosa-{STAGE}")["QueueUrls"]
    }
    table = dynamodb.describe_table(TableName=f"prosa-{STAGE}")["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=f"prosa-{STAGE}")
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    bucket = f"prosa-{STAGE}-000000000000-texts"
    pages = ssm.get_paginator("describe_parameters").paginate()
    described = [each for page in pages for each in page["Parameters"]]
    return {
        "queues": {
            name: {
                # Spaces in it are a matter of who wrote it.
                key: json.loads(value) if key == "RedrivePolicy" else value
                for key, value in answer["Attributes"].items()
                if not key.endswith("Timestamp")
            }
            for name, answer in queues.items()
        },
        "table": {
            "keys": table["KeySchema"],
            "attributes": sorted(str(each) for each in table["AttributeDefinitions"]),
            "billing": table["BillingModeSummary"]["BillingMode"],
            "protected": table.get("DeletionProtectionEnabled", False),
            "indexes": [
                {
                    "name": index["IndexName"],
                    "keys": index["KeySchema"],
                    "projection": index["Projection"]["ProjectionType"],
                    "with": sorted(index["Projection"]["NonKeyAttributes"]),
                }
                for index in table["GlobalSecondaryIndexes"]
            ],
            "recovery": recovery["PointInTimeRecoveryStatus"],
            "ttl": dynamodb.describe_time_to_live(TableName=f"prosa-{STAGE}")[
                "TimeToLiveDescription"
            ],
        },
        "bucket": s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
        "parameters": {each["Name"]: (each["Type"], each.get("Description")) for each in described},
    }


def test_a_second_plan_is_empty(applied: Applied) -> None:
    assert len(resources_of(applied.terraform.state()["values"])) > 80
    assert applied.terraform.changes({}) == {}


def test_what_is_deployed_is_what_a_laptop_has(applied: Applied) -> None:
    deployed = _attributes(applied.environment)
    applied.terraform.destroy({})
    assert resources_of(applied.terraform.state().get("values", {})) == []

    provisioner = Provisioner(applied.environment)
    provisioned = provisioner.provision(STAGE)
    put_parameters(
        provisioner,
        provisioned,
        models="local:prosa-tiny",
        redis_url=REDIS_URL,
        ws_url="/ws",
        allowed_origins="http://127.0.0.1:8080",
        environ={},
    )
    local = _attributes(applied.environment)

    parts = ("queues", "table", "bucket")
    assert {part: deployed[part] for part in parts} == {part: local[part] for part in parts}
    both = deployed["parameters"].keys() & local["parameters"].keys()
    assert len(both) >= 8
    assert {name: deployed["parameters"][name] for name in both} == {
        name: local["parameters"][name] for name in both
    }
    only_local = local["parameters"].keys() - both
    assert {name.removeprefix(f"/prosa/{STAGE}/") for name in only_local} == {
        "jwt/private-key",
        "jwt/public-keys",
        "refresh-token-key",
    }
