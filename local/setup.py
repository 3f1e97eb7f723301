"""Prepares an emulator that somebody else runs: for a stack of containers, whose services wait.

    python -m local.setup              queues, table, bucket, parameters; then `serverless deploy`
    python -m local.setup data         the same without the deploy
    python -m local.setup await-api    wait until somebody has deployed

Where the API is goes to `PROSA_API_TARGET_FILE`, for the edge. AWS is where the variables every AWS
SDK knows say; the rest is read as `PROSA_<FIELD>`. It may run as often as one likes. Exit codes: 0
done, 1 failed, 2 wrong usage or settings.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.console import Console
from local.deploy import LIMITS, Deployer, NotDeployed, api_url, deploy
from local.launcher import Launcher
from local.parameters import MissingApiKey, put_parameters
from local.process import ChildDied
from local.provision import Provisioner, TableDiffers, connect
from local.settings import ROOT, STAGE
from prosa.errors import SettingsError
from prosa.settings import Settings

AWAIT_S = 300.0
POLL_S = 1.0


class SetupSettings(Settings):
    """What the services will be told, and where the edge looks for the API."""

    stage: str = STAGE
    """`local` runs functions in the emulator's own Python; any other packs what they need."""

    functions_python: str = "3.12"
    """Version of the Python that the emulator runs packed functions with."""

    redis_url: str = "redis://redis:6379/0"
    ws_url: str = "ws://127.0.0.1:8080/ws"
    allowed_origins: str = "http://127.0.0.1:8080,http://localhost:8080"
    models: str = "local:prosa-tiny"
    api_target_file: Path = Path("/run/prosa/api-target")


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    if arguments not in ([], ["data"], ["await-api"]):
        print("Usage: python -m local.setup [data | await-api]", file=sys.stderr)
        return 2
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    try:
        settings = SetupSettings.from_environ()
        if arguments == ["await-api"]:
            _write(settings, _await_api(settings, aws))
        else:
            provisioner = prepare_data(settings, aws)
            if arguments == []:
                _write(settings, _deploy(settings, provisioner, aws))
    except SettingsError as exc:
        print(exc, file=sys.stderr)
        return 2
    except (ChildDied, MissingApiKey, NotDeployed, TableDiffers) as exc:
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)
        return 1
    return 0


def prepare_data(settings: SetupSettings, aws: Mapping[str, str]) -> Provisioner:
    """Make what the services keep their data in, and the parameters. Raises MissingApiKey."""
    provisioner = Provisioner(aws)
    put_parameters(
        provisioner,
        provisioner.provision(settings.stage),
        models=settings.models,
        redis_url=settings.redis_url,
        ws_url=settings.ws_url,
        allowed_origins=settings.allowed_origins,
        environ=os.environ,
    )
    if settings.stage != STAGE:
        _name_a_network(settings, provisioner, aws)
    return provisioner


def _name_a_network(
    settings: SetupSettings, provisioner: Provisioner, aws: Mapping[str, str]
) -> None:
    """Give the functions of a stage with a network the emulator's default one."""
    ec2 = connect(aws)("ec2")
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    groups = [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]]
    prefix = f"/prosa/{settings.stage}"
    put = provisioner.ssm.put_parameter
    put(
        Name=f"{prefix}/vpc-subnet-ids",
        Value=",".join(subnets[:2]),
        Type="StringList",
        Overwrite=True,
    )
    put(Name=f"{prefix}/vpc-security-group-id", Value=groups[0], Type="String", Overwrite=True)


def _deploy(settings: SetupSettings, provisioner: Provisioner, aws: Mapping[str, str]) -> str:
    # The emulator's containers run on this machine, whatever processor the functions have in AWS.
    machine = "aarch64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    return deploy(
        Deployer(
            launcher=Launcher(root=ROOT, write_line=Console().write_line, run_file=None),
            environment=aws,
            parameters=provisioner.plain_parameter_values(settings.stage),
            limits={name: os.environ[name] for name in LIMITS if name in os.environ},
            ssm=provisioner.ssm,
            apigateway=provisioner.apigateway,
            stage=settings.stage,
            options=[
                *("--param", f"machine={machine}"),
                *("--param", f"python={settings.functions_python}"),
            ],
        )
    )


def _await_api(settings: SetupSettings, aws: Mapping[str, str]) -> str:
    apigateway = connect(aws)("apigateway")
    deadline = time.monotonic() + AWAIT_S
    while True:
        try:
            return api_url(apigateway, stage=settings.stage, endpoint=aws["AWS_ENDPOINT_URL"])
        except (NotDeployed, BotoCoreError, ClientError) as exc:
            if time.monotonic() > deadline:
                raise NotDeployed(str(exc)) from exc
            time.sleep(POLL_S)


def _write(settings: SetupSettings, url: str) -> None:
    settings.api_target_file.parent.mkdir(parents=True, exist_ok=True)
    settings.api_target_file.write_text(url, encoding="utf-8")
    print(f"The API is at {url}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
