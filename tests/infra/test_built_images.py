"""A message goes the whole way through the images, wired as the compose file says.

Each container's command runs in its image's own file system, as its image's own user, with the
environment of docker-compose.localstack.yml; only addresses are other ones, since all share this
machine's network. Skipped where `make image-build` has not built the images.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.launcher import Launcher
from local.ministack import answers
from local.ports import LOOPBACK, free_ports
from local.redis_server import redis_url, start_redis, wait_for_redis
from local.settings import ROOT

pytestmark = [pytest.mark.images, pytest.mark.timeout(600)]

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.localstack.yml").read_text())[
    "services"
]
IMAGES = ("prosa-local", "prosa-worker", "prosa-gateway", "prosa-edge")
# What the entrypoint of nginx's image does before it starts nginx. The pipe is one that nginx may
# open by name, as it opens its log: a container runtime sees to that itself.
EDGE = """
. /docker-entrypoint.d/16-api-target.envsh
export NGINX_LOCAL_RESOLVERS=127.0.0.1
set -- '${PROSA_API_TARGET} ${PROSA_WS_TARGET} ${PROSA_EVENTS_TARGET} ${PROSA_EDGE_PORT}'
envsubst "$1 "'${PROSA_PAGE_ROOT} ${NGINX_LOCAL_RESOLVERS}' \
    < /etc/nginx/templates/edge.conf.template > /tmp/edge.conf
nginx -g 'daemon off;' | cat
"""


class Containers:
    """Runs commands in images, without a container engine."""

    def __init__(self, folder: Path, replaced: Mapping[str, str]) -> None:
        self._folder = folder
        self._replaced = replaced
        self._volume = folder / "run-prosa"
        self._volume.mkdir()
        self._volume.chmod(0o777)
        self._closing = ExitStack()

    def start(
        self, service: str, command: Sequence[str], extra: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start `command` in the image of `service`, told what the compose file tells it."""
        image = SERVICES[service]["image"]
        made = _buildah("from", f"localhost/{image}").stdout.strip()
        self._closing.callback(_buildah, "rm", made)
        told = {**self._environment(service), **(extra or {})}
        options = [f"--env={name}={value}" for name, value in told.items()]
        run = ["buildah", "run", f"--volume={self._volume}:/run/prosa", *options, made, "--"]
        log = self._closing.enter_context((self._folder / f"{service}.log").open("wb"))
        process = subprocess.Popen(
            [*run, *command],
            stdout=log,
            stderr=log,
            env=_environ(),
            # A group of its own: the wrapper does not pass every signal on.
            start_new_session=True,
        )
        self._closing.callback(_end, process)
        return process

    def wait(self, process: subprocess.Popen[bytes], url: str, service: str) -> None:
        """Wait until `url` answers."""
        deadline = time.monotonic() + 90
        while not answers(url):
            said = (self._folder / f"{service}.log").read_text()
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def close(self) -> None:
        """End everything, the last first."""
        self._closing.close()

    def _environment(self, service: str) -> dict[str, str]:
        told = {k: str(v) for k, v in SERVICES[service].get("environment", {}).items()}
        for old, new in self._replaced.items():
            told = {name: value.replace(old, new) for name, value in told.items()}
        return told


def _environ() -> dict[str, str]:
    driver = os.environ.get("STORAGE_DRIVER", "vfs")
    return {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": driver}


def _buildah(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["buildah", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=_environ())


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


@contextmanager
def _redis(folder: Path, port: int) -> Generator[None]:
    launcher = Launcher(root=folder, write_line=lambda _name, _line: None, run_file=None)
    child = start_redis(launcher, port=port, folder=None)
    try:
        wait_for_redis(launcher, child, redis_url(port))
        yield
    finally:
        child.stop(grace_s=5)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """Start every container of the profile `ministack`. Yields the address of the page."""
    if shutil.which("buildah") is None or any(
        _buildah("inspect", "--type=image", f"localhost/{image}").returncode for image in IMAGES
    ):
        pytest.skip("make image-build")
    aws, redis, edge, ws, events, internal, health = free_ports(7)
    replaced = {
        "10.77.0.10:4566": f"{LOOPBACK}:{aws}",
        "10.77.0.10": LOOPBACK,
        "10.77.0.11:6379": f"{LOOPBACK}:{redis}",
        ":8080": f":{edge}",
        "gateway:8081": f"{LOOPBACK}:{ws}",
        "gateway:8084": f"{LOOPBACK}:{events}",
        "0.0.0.0": LOOPBACK,
        "/state": "/tmp/state",
        "${PROSA_MODELS:-local:prosa-tiny}": "local:prosa-tiny",
        "${OPENAI_API_KEY:-}": "",
        "${ANTHROPIC_API_KEY:-}": "",
    }
    run = Containers(tmp_path, replaced)
    url = f"http://{LOOPBACK}:{edge}"
    with _redis(tmp_path, redis):
        try:
            emulator = run.start(
                "ministack", ["python", "-m", "ministack"], {"GATEWAY_PORT": f"{aws}"}
            )
            run.wait(emulator, f"http://{LOOPBACK}:{aws}/_ministack/health", "ministack")
            job = run.start("setup-ministack", ["python", "-m", "local.setup"])
            assert job.wait(timeout=300) == 0, (tmp_path / "setup-ministack.log").read_text()
            port = {"PROSA_WORKER_HEALTH_PORT": f"{health}"}
            worker = run.start("worker", ["python", "-m", "worker"], port)
            ports = {
                "PROSA_GATEWAY_HOST": LOOPBACK,
                "PROSA_GATEWAY_PORT": f"{ws}",
                "PROSA_GATEWAY_EVENTS_PORT": f"{events}",
                "PROSA_GATEWAY_INTERNAL_PORT": f"{internal}",
            }
            gateway = run.start("gateway", ["python", "-m", "ws_gateway"], ports)
            listen = {"PROSA_EDGE_PORT": f"{LOOPBACK}:{edge}"}
            nginx = run.start("edge", ["sh", "-c", EDGE], listen)
            run.wait(gateway, f"http://{LOOPBACK}:{internal}/readyz", "gateway")
            run.wait(worker, f"http://{LOOPBACK}:{health}/readyz", "worker")
            run.wait(nginx, f"{url}/api/health", "edge")
            yield url
        finally:
            run.close()


def test_a_message_goes_the_whole_way(page: str, tmp_path: Path) -> None:
    env = {**os.environ, "PROSA_URL": page, "HOME": str(tmp_path)}
    asked = [sys.executable, "-m", "cli", "chat", "--json", "What is Prosa?"]
    done = subprocess.run(asked, cwd=ROOT, env=env, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "reply.completed"
    assert last["message"]["content"]
    assert '"path":"/ws"' in (tmp_path / "edge.log").read_text()
