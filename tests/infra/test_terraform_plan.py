"""What Terraform would make for dev and prod: well formed, tagged, as narrow and as silent as said.

`make terraform-test`: needs Terraform with its provider, and minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from local.launcher import Launcher
from local.ministack import aws_environment, start_ministack, wait_for_ministack
from local.ports import free_ports
from local.provision import connect
from local.settings import ROOT
from tests.cloud.policies import statements_of_plan
from tests.cloud.terraform import CONFIGURATION, STATE_BUCKET, Terraform, resources_of
from tests.infra.allowed_wildcards import ALLOWED, unexplained

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]

_EDGE = {"edge": True, "image_tag": "1.2.3"}
_DOMAIN = {
    "domain_name": "talk.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:000000000000:certificate/x",
}
VARIABLES: dict[str, dict[str, Any]] = {
    "dev": _EDGE,
    "prod": {
        **_EDGE,
        **_DOMAIN,
        "gpu": {"instance_type": "g6.xlarge", "max": 2},
        "alarm_emails": ["somebody@example.com"],
    },
}
"""Each stage with all that can be switched on."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An AWS to ask what a plan asks: who am I, which zones are there, where is the API."""
    folder = tmp_path_factory.mktemp("aws")
    (port,) = free_ports(1)
    launcher = Launcher(root=folder, write_line=lambda _name, _line: None, run_file=None)
    child = start_ministack(launcher, port=port, folder=None)
    try:
        wait_for_ministack(launcher, child, port)
        environment = aws_environment(port)
        connect(environment)("s3").create_bucket(Bucket=STATE_BUCKET)
        for stage in VARIABLES:
            put = connect(environment)("ssm").put_parameter
            domain = "x.execute-api.us-east-1.amazonaws.com"
            put(Name=f"/prosa/{stage}/api-domain", Value=domain, Type="String")
            put(Name=f"/prosa/{stage}/api-stage-path", Value=f"/{stage}", Type="String")
        yield environment
    finally:
        child.stop(grace_s=5)


@pytest.fixture(scope="module", params=list(VARIABLES))
def plan(
    request: pytest.FixtureRequest,
    emulator: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """The plan of a stage that has nothing yet, with everything switched on."""
    folder = tmp_path_factory.mktemp("plan")
    terraform = Terraform(stage=request.param, environment=emulator, folder=folder)
    terraform.init()
    return terraform.plan(VARIABLES[request.param])


def test_the_files_are_formatted() -> None:
    done = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff"],
        cwd=CONFIGURATION,
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull},
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_variable_refuses_what_it_must(tmp_path: Path) -> None:
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "TF_DATA_DIR": str(tmp_path)}
    plugins = os.environ.get("TF_PLUGIN_DIR")
    init = ["init", "-backend=false", *([f"-plugin-dir={plugins}"] if plugins else [])]
    for arguments in (init, ["validate"], ["test"]):
        done = subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=CONFIGURATION,
            text=True,
            capture_output=True,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_policy_has_a_wildcard_without_a_reason(plan: dict[str, Any]) -> None:
    statements = statements_of_plan(plan)
    assert len(statements) > 40
    assert unexplained(statements) == set()


def test_every_reason_is_needed(plan: dict[str, Any]) -> None:
    statements = statements_of_plan(plan)
    for index in range(len(ALLOWED)):
        fewer = (*ALLOWED[:index], *ALLOWED[index + 1 :])
        assert unexplained(statements, allowed=fewer) != set(), ALLOWED[index]


def test_all_that_can_be_tagged_is_tagged(plan: dict[str, Any]) -> None:
    taggable = [
        resource
        for resource in resources_of(plan["planned_values"])
        if "tags_all" in resource["values"]
    ]
    assert len(taggable) > 50
    untagged = [
        resource["address"]
        for resource in taggable
        if not {"app", "stage"} <= set(resource["values"]["tags_all"] or {})
    ]
    assert untagged == []


def test_nothing_in_it_is_a_secret(plan: dict[str, Any]) -> None:
    resources = resources_of(plan["planned_values"])
    # Of the kinds that hold one, only parameters that are none may be there.
    holders = {"aws_secretsmanager_secret_version", "aws_iam_access_key", "random_password"}
    assert {resource["type"] for resource in resources} & holders == set()
    types = {r["values"]["type"] for r in resources if r["type"] == "aws_ssm_parameter"}
    assert types == {"String", "StringList"}
    # What the provider calls sensitive is empty, but for parameters: those it calls so whatever
    # their type.
    filled = {
        resource["type"]
        for resource in resources
        if any(_sensitive(resource["values"], resource.get("sensitive_values", {})))
    }
    assert filled == {"aws_ssm_parameter"}


def _sensitive(value: Any, marked: Any) -> Iterator[Any]:
    """Every value whose mark is True."""
    if marked is True:
        yield value
    elif isinstance(marked, dict):
        for name, mark in cast("dict[str, Any]", marked).items():
            yield from _sensitive(cast("dict[str, Any]", value or {}).get(name), mark)
    elif isinstance(marked, list):
        for part, mark in zip(value or [], cast("list[Any]", marked), strict=False):
            yield from _sensitive(part, mark)


def test_prod_cannot_be_lost_by_mistake(plan: dict[str, Any]) -> None:
    resources = {each["address"]: each["values"] for each in resources_of(plan["planned_values"])}
    stage = plan["variables"]["stage"]["value"]
    is_protected = stage == "prod"
    table = resources["module.data.aws_dynamodb_table.this"]
    balancer = resources["module.gateway[0].aws_lb.this"]
    assert table["deletion_protection_enabled"] is is_protected
    assert balancer["enable_deletion_protection"] is is_protected
    assert resources["module.data.aws_s3_bucket.texts"]["force_destroy"] is not is_protected


def test_checkov_finds_nothing_that_has_no_reason(plan: dict[str, Any], tmp_path: Path) -> None:
    if plan["variables"]["stage"]["value"] != "prod":
        pytest.skip("dev is smaller than prod on purpose")
    checkov = os.environ.get("CHECKOV") or shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not installed; make terraform-test installs it")
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    done = subprocess.run(
        [
            *(checkov, "--config-file", str(CONFIGURATION / "checkov.yaml")),
            *("--file", str(file), "--repo-root-for-plan-enrichment", str(ROOT), "-o", "json"),
        ],
        text=True,
        capture_output=True,
        check=False,
        # It asks its maker's server for more, if it can: it need not.
        env={**os.environ, "BC_SKIP_MAPPING": "TRUE", "CKV_NO_ENCODE": "1"},
    )
    report = json.loads(done.stdout)
    failed = {
        (check["check_id"], check["resource"]) for check in report["results"]["failed_checks"]
    }
    assert failed == set()
    assert report["summary"]["passed"] > 100
