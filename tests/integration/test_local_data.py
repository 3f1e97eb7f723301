"""The data half of the stack on its own: what it keeps, and what it refuses to start beside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.parameters import MissingApiKey
from local.ports import PortTaken
from local.provision import Provisioner
from local.runfile import AlreadyRunning
from local.settings import ROOT, STAGE, LocalSettings
from local.stack import Stack
from prosa.redis_client import connect_blocking

KILLED_RUN = """
import signal, sys
from pathlib import Path
from local.settings import LocalSettings
from local.stack import Stack
settings = LocalSettings.on_free_ports(state_dir=Path(sys.argv[1]))
stack = Stack(settings, write_line=lambda name, line: None)
stack.start_data()
print(*(child.pid for child in stack.launcher.children.values()), flush=True)
signal.pause()
"""


def _stack(settings: LocalSettings, **keys: str) -> Stack:
    return Stack(settings, write_line=lambda _name, _line: None, environ=keys)


@contextmanager
def _data(settings: LocalSettings, **keys: str) -> Generator[Stack]:
    stack = _stack(settings, **keys)
    try:
        stack.start_data()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings.on_free_ports(state_dir=tmp_path)


def _provisioner(stack: Stack) -> Provisioner:
    return Provisioner(stack.aws_environment)


def _parameters(stack: Stack) -> dict[str, str]:
    return _provisioner(stack).parameter_values(STAGE)


def test_what_was_stored_is_there_after_a_restart(settings: LocalSettings) -> None:
    item = {"PK": {"S": "USER#1"}, "SK": {"S": "PROFILE"}}
    with _data(settings) as stack:
        _provisioner(stack).dynamodb.put_item(TableName=stack.provisioned.table, Item=item)
        with connect_blocking(stack.redis_url) as redis:
            redis.set("kept", "yes")
        secrets = _parameters(stack)
    with _data(settings) as stack:
        table = stack.provisioned.table
        found = _provisioner(stack).dynamodb.get_item(TableName=table, Key=item)
        assert found.get("Item") == item
        with connect_blocking(stack.redis_url) as redis:
            assert redis.get("kept") == "yes"
        assert _parameters(stack) == secrets


def test_a_taken_port_is_named_and_nothing_is_started(settings: LocalSettings) -> None:
    with _data(settings):
        other = settings.model_copy(update={"state_dir": settings.state_dir / "other"})
        stack = _stack(other)
        with pytest.raises(PortTaken, match="PROSA_REDIS_PORT"):
            stack.start_data()
        assert not stack.launcher.children
        stack.stop()


def test_a_state_folder_has_one_stack(settings: LocalSettings) -> None:
    with _data(settings):
        second = _stack(LocalSettings.on_free_ports(state_dir=settings.state_dir))
        with pytest.raises(AlreadyRunning, match=str(os.getpid())):
            second.start_data()


def test_a_paid_model_without_its_key_is_refused(settings: LocalSettings) -> None:
    paid = settings.model_copy(update={"models": ("openai:gpt-x",)})
    stack = _stack(paid)
    with pytest.raises(MissingApiKey, match="OPENAI_API_KEY"):
        stack.start_data()
    stack.stop()


def test_a_key_is_stored_for_later_runs(settings: LocalSettings) -> None:
    paid = settings.model_copy(update={"models": ("openai:gpt-x", "local:prosa-tiny")})
    with _data(paid, OPENAI_API_KEY="sk-test") as stack:
        assert _parameters(stack)[f"/prosa/{STAGE}/openai-api-key"] == "sk-test"
    with _data(paid) as stack:
        assert _parameters(stack)[f"/prosa/{STAGE}/openai-api-key"] == "sk-test"
        assert _parameters(stack)[f"/prosa/{STAGE}/models"] == "openai:gpt-x,local:prosa-tiny"


def test_what_a_killed_run_left_is_ended_by_the_next(tmp_path: Path) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED_RUN, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with killed:
        assert killed.stdout is not None
        left = [int(pid) for pid in killed.stdout.readline().split()]
        killed.send_signal(signal.SIGKILL)
    assert len(left) == 2
    assert all(_runs(pid) for pid in left)
    with _data(LocalSettings.on_free_ports(state_dir=tmp_path)):
        assert not any(_runs(pid) for pid in left)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
