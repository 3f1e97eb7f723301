"""The real `serverless deploy` of `serverless.yml` against MiniStack, skipped when nothing changed.

A deploy costs some 15 s, so a hash of all that goes into it is kept beside what it made: in SSM
inside MiniStack. State and hash are then saved, restored and lost together; a file of ours could
claim a deploy that an emulator killed before it saved never heard of.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from local.launcher import Launcher
from local.settings import ROOT, STAGE

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_ssm import SSMClient

SERVERLESS = ROOT / "node_modules" / "osls" / "bin" / "serverless.js"
LIMITS = (
    "PROSA_DAILY_TOKENS",
    "PROSA_RATE_MESSAGES",
    "PROSA_RATE_SEARCHES",
    "PROSA_RATE_SIGN_IN_ACCOUNT",
    "PROSA_RATE_SIGN_IN_IP",
)
"""Variables that `serverless.yml` hands to the functions from the environment of the deploy."""

_INPUTS = ("serverless.yml", "infra/functions", "package-lock.json", "prosa", "lambdas")
_WRITTEN_BY_IT = frozenset({"api-url", "api-domain", "api-stage-path"})
"""Parameters that a deploy makes (infra/functions/api.yml): no reason for the next one."""


class NotDeployed(Exception):
    """There is no API of our name."""


class Deployer(NamedTuple):
    """What a deploy needs: where to run it, what it reads, clients to look at its result."""

    launcher: Launcher
    environment: Mapping[str, str]
    parameters: Mapping[str, str]
    limits: Mapping[str, str]
    ssm: SSMClient
    apigateway: APIGatewayClient
    stage: str = STAGE
    options: Sequence[str] = ()
    """More of the command line of `serverless deploy`."""


def deploy(to: Deployer) -> str:
    """Deploy unless it is there unchanged. Returns the base URL of the API, stage included.

    Raises ChildDied when serverless fails, with its last lines.
    """
    read = {k: v for k, v in to.parameters.items() if k.rpartition("/")[2] not in _WRITTEN_BY_IT}
    wanted = _hash_of_inputs({**read, **to.limits})
    if not _is_deployed(to, wanted):
        _run_serverless(to)
        to.ssm.put_parameter(Name=_hash_name(to), Value=wanted, Type="String", Overwrite=True)
    else:
        to.launcher.write_line("unchanged since the last deploy", name="deploy")
    return api_url(to.apigateway, stage=to.stage, endpoint=to.environment["AWS_ENDPOINT_URL"])


def api_url(apigateway: APIGatewayClient, *, stage: str, endpoint: str) -> str:
    """Find the base URL of the API in the emulator at `endpoint`. Raises NotDeployed."""
    return f"{endpoint}/_aws/execute-api/{_find_api(apigateway, stage)}/{stage}"


def _is_deployed(to: Deployer, wanted: str) -> bool:
    try:
        _find_api(to.apigateway, to.stage)
        return to.ssm.get_parameter(Name=_hash_name(to))["Parameter"].get("Value") == wanted
    except (NotDeployed, to.ssm.exceptions.ParameterNotFound):
        return False


def _hash_name(to: Deployer) -> str:
    return f"/prosa/{to.stage}/deployed-inputs"


def _run_serverless(to: Deployer) -> None:
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", str(ROOT)),
        "LANG": "C.UTF-8",
        "NODE_NO_WARNINGS": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
        "SLS_TELEMETRY_DISABLED": "1",
        # It looks every 5 s whether CloudFormation is done; MiniStack is done at once.
        "SLS_AWS_MONITORING_FREQUENCY": "200",
        **to.environment,
        **to.limits,
    }
    to.launcher.write_line("serverless deploy to the emulator ...", name="deploy")
    started = time.monotonic()
    command = ["node", str(SERVERLESS), "deploy", "--stage", to.stage, *to.options]
    with serverless_lock():
        to.launcher.run("deploy", command, env=env)
    took_s = time.monotonic() - started
    to.launcher.write_line(f"deployed in {took_s:.0f} s", name="deploy")


@contextmanager
def serverless_lock() -> Generator[None]:
    """Keep those who deploy or pack at once out of each other's `.serverless` folder."""
    lock = ROOT / ".local" / "deploy.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _hash_of_inputs(values: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for entry in _INPUTS:
        for path in _files(ROOT / entry):
            digest.update(f"{path.relative_to(ROOT)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for name, value in sorted(values.items()):
        digest.update(f"{name}\0{value}\0".encode())
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = (each for each in path.rglob("*") if each.is_file())
    return sorted(each for each in found if "__pycache__" not in each.parts)


def _find_api(apigateway: APIGatewayClient, stage: str) -> str:
    name = f"prosa-{stage}-api"
    for api in apigateway.get_rest_apis(limit=500)["items"]:
        if api.get("name") == name and (api_id := api.get("id")):
            return api_id
    raise NotDeployed(name)
