"""`make secrets`, `make page`, `make state-bucket`: what they put, and what they leave alone."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.put_page import ASK_FIRST, FOR_EVER, put_page
from infra.put_secrets import delete_secrets, put_secrets
from infra.state_bucket import backend_file, make_bucket
from local.provision import Provisioner
from local.settings import ROOT
from prosa.parameters import JWT_PRIVATE_KEY, JWT_PUBLIC_KEYS, OPENAI_API_KEY, REFRESH_TOKEN_KEY

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_MADE = [JWT_PRIVATE_KEY, JWT_PUBLIC_KEYS, REFRESH_TOKEN_KEY]


@pytest.fixture
def ssm(provisioner: Provisioner) -> SSMClient:
    return provisioner.ssm


@pytest.fixture
def stage() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


def _values(ssm: SSMClient, stage: str) -> dict[str, str]:
    """All of the stage's parameters as they are without decryption."""
    found = ssm.get_parameters_by_path(Path=f"/prosa/{stage}", Recursive=True)["Parameters"]
    return {each.get("Name", ""): each.get("Value", "") for each in found}


def test_secrets_are_made_once(ssm: SSMClient, stage: str) -> None:
    assert put_secrets(ssm, stage=stage, key_arn=None, environ={}) == sorted(_MADE)
    first = _values(ssm, stage)
    assert put_secrets(ssm, stage=stage, key_arn=None, environ={}) == []
    assert _values(ssm, stage) == first


def test_an_api_key_replaces_the_one_there_is(ssm: SSMClient, stage: str) -> None:
    put_secrets(ssm, stage=stage, key_arn=None, environ={"OPENAI_API_KEY": "first"})
    told = put_secrets(ssm, stage=stage, key_arn=None, environ={"OPENAI_API_KEY": "second"})
    name = f"/prosa/{stage}/{OPENAI_API_KEY}"
    stored = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert told == [OPENAI_API_KEY]
    assert stored.get("Value") == "second"
    assert stored.get("Type") == "SecureString"


def test_secrets_are_tagged_encrypted_and_can_be_deleted(ssm: SSMClient, stage: str) -> None:
    put_secrets(ssm, stage=stage, key_arn="alias/aws/ssm", environ={})
    for name in _MADE:
        tags = ssm.list_tags_for_resource(
            ResourceType="Parameter", ResourceId=f"/prosa/{stage}/{name}"
        )["TagList"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {"app": "prosa", "stage": stage}
    assert "PRIVATE KEY" not in _values(ssm, stage)[f"/prosa/{stage}/{JWT_PRIVATE_KEY}"]
    assert delete_secrets(ssm, stage=stage) == sorted(f"/prosa/{stage}/{name}" for name in _MADE)
    assert _values(ssm, stage) == {}


def test_the_page_goes_up_with_index_html_last(
    provisioner: Provisioner, stage: str, tmp_path: Path
) -> None:
    bucket = f"page-{stage}"
    provisioner.s3.create_bucket(Bucket=bucket)
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "robots.txt", "assets/index-4f2a.js", "assets/index-77c1.css"):
        (tmp_path / name).write_text(name)
    keys = put_page(provisioner.s3, tmp_path, bucket=bucket)
    assert keys == ["assets/index-4f2a.js", "assets/index-77c1.css", "robots.txt", "index.html"]
    heads = {key: provisioner.s3.head_object(Bucket=bucket, Key=key) for key in keys}
    assert [heads[key].get("CacheControl") for key in keys] == [
        FOR_EVER,
        FOR_EVER,
        ASK_FIRST,
        ASK_FIRST,
    ]
    assert heads["index.html"]["ContentType"] == "text/html"
    assert heads["assets/index-77c1.css"]["ContentType"] == "text/css"


def test_without_a_page_nothing_goes_up(provisioner: Provisioner, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        put_page(provisioner.s3, tmp_path, bucket="none")


def test_the_bucket_of_states_is_closed_and_has_versions(
    provisioner: Provisioner, stage: str
) -> None:
    bucket = f"state-{stage}"
    for _ in range(2):
        make_bucket(provisioner.s3, bucket, region="us-east-1")
    s3 = provisioner.s3
    assert s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert [statement["Effect"] for statement in policy["Statement"]] == ["Deny"]


def test_terraform_finds_the_state_where_it_was_put() -> None:
    example = (ROOT / "infra/terraform/env/dev.s3.tfbackend.example").read_text()
    written = backend_file("dev", bucket="prosa-state-<account>-<region>", region="us-east-1")
    assert example.endswith(written)
