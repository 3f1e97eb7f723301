"""What each Dockerfile installs is enough: the service starts from it, is well, and drains.

Minutes and gigabytes, so `make image-check` runs it, not `make test`. `build/images` keeps what was
built; `TORCH_INDEX` is an index of torch wheels for CPUs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.images.environments import IMAGES, ROOT, Built, build
from local.ministack import answers
from local.ports import LOOPBACK, free_ports
from local.settings import LocalSettings
from local.stack import Stack

pytestmark = [pytest.mark.images, pytest.mark.timeout(1200)]

READY_S = 90.0
STOP_S = 30.0
MODELS = {"worker-cpu": "local:prosa-tiny", "worker-slim": "openai:never-asked", "gateway": ""}
ABSENT = {"worker-slim": {"torch", "transformers", "pip"}, "gateway": {"torch", "boto3", "pip"}}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run Redis and the emulator with resources in it. Yields what services are told."""
    settings = LocalSettings.on_free_ports(state_dir=tmp_path_factory.mktemp("state"))
    stack = Stack(settings, write_line=lambda _name, _line: None)
    try:
        stack.start_data()
        yield stack.environment
    finally:
        stack.stop()


@pytest.fixture(scope="module", params=list(MODELS))
def built(request: pytest.FixtureRequest) -> Built:
    """Install as the Dockerfile does, in an environment of its own."""
    index = os.environ.get("TORCH_INDEX")
    name: str = request.param
    arguments = {"TORCH_INDEX": index} if index else {}
    made = build(IMAGES[name], ROOT / "build" / "images" / name, arguments=arguments)
    size = f"{len(made.packages())} packages, {made.megabytes():.0f} MB"
    request.config.get_terminal_writer().line(f"\n{name}: {size}")
    return made


def test_it_starts_is_well_and_drains(built: Built, data: dict[str, str]) -> None:
    port, other = free_ports(2)
    env = {
        **data,
        "PROSA_WORKER_HEALTH_PORT": str(port),
        "PROSA_GATEWAY_INTERNAL_PORT": str(port),
        "PROSA_GATEWAY_PORT": str(other),
        "PROSA_GATEWAY_EVENTS_PORT": "0",
        "PROSA_MODELS": MODELS[built.image.name],
        "PATH": os.defpath,
    }
    log = built.folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            built.command, cwd=built.app, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, port, log)
            assert _ask_as_healthcheck(built, port, env) == 0
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=STOP_S) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()
    assert _ask_as_healthcheck(built, port, env) == 1, "nobody listens any more"
    assert "please install" not in log.read_text()


def test_it_has_what_the_lock_says_and_nothing_it_does_not_need(built: Built) -> None:
    locked = set((ROOT / "requirements.lock").read_text().replace(" ;", "").split())
    # A wheel for CPUs says so in its version: torch==2.13.0+cpu.
    assert {each.partition("+")[0] for each in built.packages()} <= locked
    names = {each.partition("==")[0] for each in built.packages()}
    assert not names & ABSENT.get(built.image.name, {"pip"})


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while not answers(f"http://{LOOPBACK}:{port}/readyz"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def _ask_as_healthcheck(built: Built, port: int, env: Mapping[str, str]) -> int:
    url = f"http://{LOOPBACK}:{port}/healthz"
    asked = [str(built.python), "-m", "prosa.probe", url]
    return subprocess.run(asked, cwd=built.app, env=env).returncode
