"""Starts each built service beside a real Redis and the AWS emulator, waits until it is ready, asks
its health as its HEALTHCHECK does, and ends it: it must drain and exit with 0.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from infra.images.environments import Built
from local.ministack import answers
from local.ports import LOOPBACK, free_ports
from local.settings import LocalSettings
from local.stack import Stack

READY_S = 90.0
STOP_S = 30.0
_MODELS = {"worker-cpu": "local:prosa-tiny", "worker-slim": "openai:never-asked"}


class SmokeFailed(Exception):
    """A service did not start, was not well, or did not end as it should."""


def smoke(all_built: Sequence[Built], *, state_dir: Path) -> Generator[str]:
    """Try each of `all_built`; gives a line of praise for each. Raises SmokeFailed."""
    settings = LocalSettings.on_free_ports(state_dir=state_dir)
    stack = Stack(settings, write_line=lambda _name, _line: None)
    try:
        stack.start_data()
        for built in all_built:
            yield _try_one(built, stack.environment)
    finally:
        stack.stop()


def _try_one(built: Built, environment: dict[str, str]) -> str:
    port, other = free_ports(2)
    env = {
        **environment,
        "PROSA_WORKER_HEALTH_PORT": str(port),
        "PROSA_GATEWAY_INTERNAL_PORT": str(port),
        "PROSA_GATEWAY_PORT": str(other),
        "PROSA_MODELS": _MODELS.get(built.image.name, "local:prosa-tiny"),
        "PATH": os.defpath,
    }
    log = built.folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            built.command, cwd=built.app, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            ready_s = _wait(process, port, log)
            _ask_as_healthcheck(built, port, env)
            process.send_signal(signal.SIGTERM)
            code, stopped_s = _wait_for_end(process)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if code != 0:
        raise SmokeFailed(f"{built.image.name} ended with {code}:\n{log.read_text()[-3000:]}")
    return f"{built.image.name}: ready after {ready_s:.1f} s, drained in {stopped_s:.1f} s"


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> float:
    began = time.monotonic()
    while not answers(f"http://{LOOPBACK}:{port}/readyz"):
        if process.poll() is not None or time.monotonic() - began > READY_S:
            raise SmokeFailed(f"not ready:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    return time.monotonic() - began


def _ask_as_healthcheck(built: Built, port: int, env: dict[str, str]) -> None:
    url = f"http://{LOOPBACK}:{port}/healthz"
    asked = [str(built.python), "-m", "prosa.probe", url]
    if subprocess.run(asked, cwd=built.app, env=env).returncode != 0:
        raise SmokeFailed(f"{built.image.name} says it is not well")


def _wait_for_end(process: subprocess.Popen[bytes]) -> tuple[int | None, float]:
    began = time.monotonic()
    try:
        process.wait(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        return None, STOP_S
    return process.returncode, time.monotonic() - began
