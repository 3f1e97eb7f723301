"""Puts a stage's secrets into SSM, past Terraform: `make secrets STAGE=dev`.

What is there stays: a second run changes nothing, so that nobody is signed out by it. API keys are
taken from the variables every SDK knows, OPENAI_API_KEY and ANTHROPIC_API_KEY, and replace what is
there. Values are never printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from infra.new_secrets import refresh_token_key, signing_key
from prosa.aws import client
from prosa.parameters import (
    ANTHROPIC_API_KEY,
    JWT_PRIVATE_KEY,
    OPENAI_API_KEY,
    REFRESH_TOKEN_KEY,
)

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

RESOURCES_FILE = Path(__file__).parent / "resources.json"
API_KEYS = {OPENAI_API_KEY: "OPENAI_API_KEY", ANTHROPIC_API_KEY: "ANTHROPIC_API_KEY"}
"""Name of a parameter to the variable that holds its value."""


def put_secrets(
    ssm: SSMClient, *, stage: str, key_arn: str | None, environ: Mapping[str, str]
) -> list[str]:
    """Make what is missing, replace API keys that `environ` has. Gives the names that were put."""
    declared = _declared(stage)
    prefix = f"/prosa/{stage}"
    values: dict[str, str] = {}
    if not _is_there(ssm, f"{prefix}/{JWT_PRIVATE_KEY}"):
        values |= signing_key()
    if not _is_there(ssm, f"{prefix}/{REFRESH_TOKEN_KEY}"):
        values |= refresh_token_key()
    values |= {
        name: environ[variable] for name, variable in API_KEYS.items() if environ.get(variable)
    }
    for name, value in values.items():
        _put(ssm, declared[f"{prefix}/{name}"], value, key_arn=key_arn, stage=stage)
    return sorted(values)


def delete_secrets(ssm: SSMClient, *, stage: str) -> list[str]:
    """Delete the stage's secrets, and the public keys that belong to them; gives their names."""
    names = [
        parameter["Name"]
        for parameter in _declared(stage).values()
        if parameter["Type"] == "SecureString" or parameter["Name"].endswith("/jwt/public-keys")
    ]
    return sorted(ssm.delete_parameters(Names=names)["DeletedParameters"])


def _declared(stage: str) -> dict[str, dict[str, str]]:
    # Region and account stand in ARNs only, which are of no interest here.
    text = Template(RESOURCES_FILE.read_text(encoding="utf-8"))
    declared: Any = json.loads(text.substitute(stage=stage, region="-", account="-"))
    return {parameter["Name"]: parameter for parameter in declared["parameters"]}


def _is_there(ssm: SSMClient, name: str) -> bool:
    try:
        ssm.get_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return False
    return True


def _put(
    ssm: SSMClient, parameter: Mapping[str, str], value: str, *, key_arn: str | None, stage: str
) -> None:
    secret = parameter["Type"] == "SecureString"
    # A parameter's key can only be named with its type, and tags only with a new one.
    key: Any = {"KeyId": key_arn} if secret and key_arn else {}
    ssm.put_parameter(
        Name=parameter["Name"],
        Description=parameter["Description"],
        Type="SecureString" if secret else "String",
        Value=value,
        Overwrite=True,
        **key,
    )
    ssm.add_tags_to_resource(
        ResourceType="Parameter",
        ResourceId=parameter["Name"],
        Tags=[{"Key": "app", "Value": "prosa"}, {"Key": "stage", "Value": stage}],
    )


def main() -> None:
    """Read the stage from the command line, the keys from the environment."""
    parser = argparse.ArgumentParser(prog="python -m infra.put_secrets")
    parser.add_argument("--stage", required=True, choices=["local", "dev", "prod"])
    parser.add_argument("--delete", action="store_true", help="delete them instead")
    options = parser.parse_args()
    ssm = client("ssm")
    if options.delete:
        told = delete_secrets(ssm, stage=options.stage)
        sys.stdout.write(f"deleted: {', '.join(told) or 'nothing'}\n")
        return
    try:
        key = ssm.get_parameter(Name=f"/prosa/{options.stage}/secrets-key-arn")
    except ssm.exceptions.ParameterNotFound:
        parser.error(f"stage {options.stage} has no key yet: apply Terraform first")
    key_arn = key["Parameter"].get("Value")
    told = put_secrets(ssm, stage=options.stage, key_arn=key_arn, environ=os.environ)
    sys.stdout.write(f"put: {', '.join(told) or 'nothing, all are there'}\n")


if __name__ == "__main__":
    main()
