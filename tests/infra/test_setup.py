"""The job of a stack of containers prepares an emulator that somebody else runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from local.provision import Provisioner
from local.resources import load_resources
from local.settings import ROOT
from local.setup import SetupSettings, prepare_data

_numbers = count(1)


@pytest.fixture
def stage() -> str:
    return f"setup{next(_numbers)}"


def _run(argument: str, settings: Mapping[str, str], aws: Mapping[str, str]) -> int:
    env = {"PATH": os.defpath, **aws, **settings}
    command = [sys.executable, "-m", "local.setup", argument]
    return subprocess.run(command, cwd=ROOT, env=env).returncode


def test_it_makes_what_is_declared_and_says_so_in_parameters(
    aws: dict[str, str], stage: str
) -> None:
    provisioner = prepare_data(SetupSettings(stage=stage), aws)
    declared = load_resources(stage=stage, region="us-east-1", account="000000000000")
    queue = provisioner.sqs.get_queue_url(QueueName=declared["queue"]["QueueName"])["QueueUrl"]
    values = provisioner.parameter_values(stage)
    assert values[f"/prosa/{stage}/queue-url"] == queue
    assert values[f"/prosa/{stage}/redis-url"] == "redis://redis:6379/0"
    assert "PRIVATE KEY" in values[f"/prosa/{stage}/jwt/private-key"]
    provisioner.dynamodb.describe_table(TableName=declared["table"]["TableName"])
    # The functions of a stage that packs them stand in a network.
    subnets = provisioner.ssm.get_parameter(Name=f"/prosa/{stage}/vpc-subnet-ids")["Parameter"]
    assert subnets.get("Type") == "StringList"
    assert subnets.get("Value", "").startswith("subnet-")


def test_run_again_it_signs_nobody_out(aws: dict[str, str], stage: str) -> None:
    first = prepare_data(SetupSettings(stage=stage), aws).parameter_values(stage)
    assert prepare_data(SetupSettings(stage=stage), aws).parameter_values(stage) == first


def test_the_edge_learns_where_the_api_is(
    aws: dict[str, str], provisioner: Provisioner, stage: str, tmp_path: Path
) -> None:
    api = provisioner.apigateway.create_rest_api(name=f"prosa-{stage}-api")
    target = tmp_path / "run" / "api-target"
    told = {"PROSA_STAGE": stage, "PROSA_API_TARGET_FILE": str(target)}
    assert _run("await-api", told, aws) == 0
    endpoint = aws["AWS_ENDPOINT_URL"]
    assert target.read_text() == f"{endpoint}/_aws/execute-api/{api.get('id')}/{stage}"


def test_a_paid_model_without_a_key_is_refused_before_anybody_waits(
    aws: dict[str, str], stage: str
) -> None:
    told = {"PROSA_STAGE": stage, "PROSA_MODELS": "openai:gpt-5-mini"}
    assert _run("data", told, aws) == 1
    assert _run("nonsense", told, aws) == 2


def test_the_edge_takes_the_address_from_the_file_but_not_over_the_environment(
    tmp_path: Path,
) -> None:
    file = tmp_path / "api-target"
    file.write_text("http://from-file/dev")
    script = ROOT / "web" / "nginx" / "16-api-target.envsh"
    shell = ["sh", "-c", f'. {script}; printf %s "$PROSA_API_TARGET"']
    env = {"PATH": os.defpath, "PROSA_API_TARGET_FILE": str(file)}
    assert subprocess.run(shell, env=env, capture_output=True).stdout == b"http://from-file/dev"
    env["PROSA_API_TARGET"] = "https://given/dev"
    assert subprocess.run(shell, env=env, capture_output=True).stdout == b"https://given/dev"
