"""What `serverless deploy --stage dev` would hand to CloudFormation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from platform import machine
from typing import Any

import pytest

from infra.functions.reach import HANDLERS
from local.deploy import SERVERLESS, serverless_lock
from local.parameters import put_parameters
from local.provision import Provisioner
from local.settings import ROOT

_NETWORK = {
    "vpc-subnet-ids": ("StringList", "subnet-1,subnet-2"),
    "vpc-security-group-id": ("String", "sg-1"),
    "redis-iam-user": ("String", "prosa-dev-functions"),
    "redis-cache-name": ("String", "prosa-dev"),
}

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def folder(
    provisioner: Provisioner, aws: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Package the stage `dev`, for this machine's Python so that its requirements are at hand."""
    put_parameters(
        provisioner,
        provisioner.provision("dev"),
        models="local:prosa-tiny",
        redis_url="rediss://127.0.0.1:1/0",
        ws_url="ws://127.0.0.1:1/ws",
        allowed_origins="http://127.0.0.1:1",
        environ={},
    )
    for name, (kind, value) in _NETWORK.items():
        put: Any = provisioner.ssm.put_parameter
        put(Name=f"/prosa/dev/{name}", Value=value, Type=kind, Overwrite=True)
    target = tmp_path_factory.mktemp("package")
    command = ["node", str(SERVERLESS), "package", "--stage", "dev", "--package", str(target)]
    command += ["--param", f"python={sys.version_info.major}.{sys.version_info.minor}"]
    command += ["--param", f"machine={machine()}"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, **aws, "PATH": path, "NODE_NO_WARNINGS": "1"}
    with serverless_lock():
        done = subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def resources(folder: Path) -> Resources:
    text = (folder / "cloudformation-template-update-stack.json").read_text(encoding="utf-8")
    return json.loads(text)["Resources"]


def _of_type(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


@pytest.mark.timeout(400)
def test_each_function_has_its_package_its_role_and_its_place_in_the_network(
    resources: Resources, folder: Path
) -> None:
    functions = {
        f["FunctionName"]: f for f in _of_type(resources, "AWS::Lambda::Function").values()
    }
    assert {f"prosa-dev-{name}" for name in HANDLERS} == functions.keys()
    roles = {json.dumps(f["Role"]) for f in functions.values()}
    archives = {f["Code"]["S3Key"].rpartition("/")[2] for f in functions.values()}
    assert len(roles) == len(HANDLERS)
    assert archives == {f"{name}.zip" for name in HANDLERS}
    for function in functions.values():
        assert function["VpcConfig"]["SubnetIds"] == ["subnet-1", "subnet-2"]
        assert function["VpcConfig"]["SecurityGroupIds"] == ["sg-1"]
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["Architectures"] == ["arm64"]
        assert {"Key": "stage", "Value": "dev"} in function["Tags"]
    assert not (folder / "prosa.zip").exists()


def test_the_stage_waits_for_what_it_shows_and_limits_everybody(resources: Resources) -> None:
    [deployment] = [r for r in resources.values() if r["Type"] == "AWS::ApiGateway::Deployment"]
    assert "StageName" not in deployment["Properties"]
    errors = _of_type(resources, "AWS::ApiGateway::GatewayResponse")
    assert errors.keys() <= set(deployment["DependsOn"])
    [stage] = _of_type(resources, "AWS::ApiGateway::Stage").values()
    assert stage["StageName"] == "dev"
    assert stage["TracingEnabled"] is True
    assert stage["AccessLogSetting"]["DestinationArn"].endswith(":/aws/apigateway/prosa-dev-api")
    everything, *passwords = stage["MethodSettings"]
    assert all(p["ThrottlingRateLimit"] < everything["ThrottlingRateLimit"] for p in passwords)


def test_what_the_edge_reads_is_written(resources: Resources) -> None:
    written = {p["Name"]: p for p in _of_type(resources, "AWS::SSM::Parameter").values()}
    assert written.keys() == {
        "/prosa/dev/api-url",
        "/prosa/dev/api-domain",
        "/prosa/dev/api-stage-path",
    }
    assert written["/prosa/dev/api-stage-path"]["Value"] == "/dev"


def test_no_secret_stands_in_what_is_deployed(
    resources: Resources, provisioner: Provisioner
) -> None:
    secret = [
        provisioner.ssm.get_parameter(Name=f"/prosa/dev/{name}", WithDecryption=True)
        for name in ("jwt/private-key", "refresh-token-key")
    ]
    text = json.dumps(resources)
    for answer in secret:
        value = answer["Parameter"].get("Value", "")
        assert value
        assert json.dumps(value)[1:-1] not in text


def test_every_log_ends_some_day(resources: Resources) -> None:
    groups = _of_type(resources, "AWS::Logs::LogGroup")
    assert len(groups) == len(HANDLERS) + 1
    assert {group["RetentionInDays"] for group in groups.values()} == {14}
