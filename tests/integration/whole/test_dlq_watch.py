"""The watch over the dead-letter queue as deployed, and what `make dlq` tells its tools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import boto3
import pytest

from local.operator import operator_environment
from local.settings import ROOT, STAGE
from local.stack import Stack

FUNCTION = f"prosa-{STAGE}-dlq_watch"


@pytest.fixture
def clients(stack: Stack) -> Any:
    aws = stack.aws_environment
    session = boto3.Session(
        aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
        region_name=aws["AWS_REGION"],
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=aws["AWS_ENDPOINT_URL"])  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportCallIssue, reportArgumentType]

    return client


def test_it_is_called_every_minute(clients: Any) -> None:
    arn = clients("lambda").get_function(FunctionName=FUNCTION)["Configuration"]["FunctionArn"]
    events = clients("events")
    (name,) = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    rule = events.describe_rule(Name=name)
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")


def test_it_counts_poison_and_the_tools_find_and_drop_it(clients: Any, stack: Stack) -> None:
    clients("sqs").send_message(
        QueueUrl=stack.provisioned.dead_letter_queue_url,
        MessageBody="{not json",
        MessageGroupId="g",
        MessageDeduplicationId="d",
    )
    answer = clients("lambda").invoke(FunctionName=FUNCTION, Payload="{}")
    assert json.load(answer["Payload"]) == {"unreadable": 1}

    program = [sys.executable, "-c", "from cli.app import main; main()", "dlq"]
    done = subprocess.run(
        [*program, "drop", "--all", "--json"],
        env={"PATH": os.environ["PATH"], **operator_environment(stack.settings)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["action"] == "dropped"
