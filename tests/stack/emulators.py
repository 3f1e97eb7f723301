"""Which AWS the tests of single parts stand on: `PROSA_TEST_EMULATOR`, MiniStack by default.

    ministack   started here, on a free port
    moto        moto's server, started here; it has no Lambda runtime and no API Gateway data plane
    external    whatever AWS_ENDPOINT_URL names, LocalStack say; it is neither started nor ended
    aws         a real account, for those who mean it: PROSA_TEST_AWS_ACCOUNT must be its number

What each cannot do, and what the tests do about it, is in docs/emulators.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from local.launcher import Launcher
from local.ministack import (
    READY_S,
    REGION,
    answers,
    aws_environment,
    start_ministack,
    wait_for_ministack,
)
from local.ports import LOOPBACK, free_ports
from local.process import Child

KINDS = ("ministack", "moto", "external", "aws")
STOP_S = 5.0
_DUMMY_ACCOUNTS = ("", "000000000000", "123456789012")


@dataclass(frozen=True)
class Emulator:
    """What the tests stand on, and the variables that lead there."""

    kind: str
    environment: Mapping[str, str]


# Taken before any fixture removes what could lead a test to a real account by mistake.
_ENVIRON = {
    name: value for name, value in os.environ.items() if name.startswith(("AWS_", "PROSA_TEST_"))
}


def kind() -> str:
    """The chosen kind. Raises pytest.UsageError for an unknown one."""
    chosen = _ENVIRON.get("PROSA_TEST_EMULATOR", "ministack")
    if chosen not in KINDS:
        raise pytest.UsageError(f"PROSA_TEST_EMULATOR is one of {', '.join(KINDS)}")
    return chosen


@contextmanager
def running(folder: Path) -> Generator[Emulator]:
    """Give the chosen AWS; one that is started here ends with the block."""
    match kind():
        case "external":
            yield Emulator("external", _external())
        case "aws":
            yield Emulator("aws", _real_account())
        case chosen:
            with _started(chosen, folder) as environment:
                yield Emulator(chosen, environment)


@contextmanager
def _started(chosen: str, folder: Path) -> Generator[Mapping[str, str]]:
    (port,) = free_ports(1)
    launcher = Launcher(root=folder, write_line=lambda _, __: None, run_file=None)
    child = (start_moto if chosen == "moto" else _start_ministack)(launcher, port)
    try:
        if chosen == "moto":
            url = f"http://{LOOPBACK}:{port}/moto-api/"
            launcher.wait_until(child, lambda: answers(url), timeout_s=READY_S)
        else:
            wait_for_ministack(launcher, child, port)
        yield aws_environment(port)
    finally:
        child.stop(grace_s=STOP_S)


def _start_ministack(launcher: Launcher, port: int) -> Child:
    return start_ministack(launcher, port=port, folder=None)


def start_moto(launcher: Launcher, port: int) -> Child:
    """Start moto's server on loopback."""
    env = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "tests.stack.moto_server", "-H", LOOPBACK, "-p", str(port)]
    return launcher.launch("aws", command, env=env | {"PYTHONPATH": str(Path.cwd())})


def _external() -> dict[str, str]:
    endpoint = _ENVIRON.get("AWS_ENDPOINT_URL")
    if not endpoint:
        raise pytest.UsageError("PROSA_TEST_EMULATOR=external needs AWS_ENDPOINT_URL")
    if urlsplit(endpoint).hostname == "localhost":
        raise pytest.UsageError(f"write {LOOPBACK} for localhost: S3 is then path-style")
    given = {name: value for name, value in _ENVIRON.items() if name.startswith("AWS_")}
    return aws_environment(0) | given


def _real_account() -> dict[str, str]:
    environment = {name: value for name, value in _ENVIRON.items() if name.startswith("AWS_")}
    environment.pop("AWS_ENDPOINT_URL", None)
    environment.setdefault("AWS_REGION", environment.get("AWS_DEFAULT_REGION", REGION))
    wanted = _ENVIRON.get("PROSA_TEST_AWS_ACCOUNT", "")
    if wanted in _DUMMY_ACCOUNTS:
        raise pytest.UsageError("PROSA_TEST_EMULATOR=aws needs PROSA_TEST_AWS_ACCOUNT")
    session = boto3.Session(region_name=environment["AWS_REGION"])
    found = session.client("sts").get_caller_identity()["Account"]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportUnknownArgumentType]
    if found != wanted:
        raise pytest.UsageError(f"these credentials are of account {found}, not {wanted}")
    return environment
