"""Prosa's own processes: worker, gateway, and the edge that puts all behind one address.

Each is the program the containers run, told its surroundings by the same variables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from local.launcher import Launcher
from local.ministack import answers, aws_environment
from local.ports import LOOPBACK
from local.process import Child
from local.provision import Provisioned
from local.redis_server import redis_url
from local.settings import ROOT, STAGE, GatewayPorts, LocalSettings

WORKER_READY_S = 90.0  # the first load of a model from a cold disk
GATEWAY_READY_S = 20.0
EDGE_READY_S = 30.0
_WAY_OUT = frozenset({"HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE"})
VITE = ROOT / "web" / "node_modules" / "vite" / "bin" / "vite.js"


def service_environment(
    settings: LocalSettings,
    provisioned: Provisioned,
    *,
    environ: Mapping[str, str],
    extra: Mapping[str, str],
) -> dict[str, str]:
    """Build what every service is told.

    Of the shell's `environ` it gets its `PROSA_` settings and the way out to a paid model; where
    the stack's parts are, the stack says; `extra` wins over both.
    """
    return {
        # A poll is never cut short, and nobody wants to wait 10 s after Ctrl-C.
        "PROSA_WORKER_POLL_WAIT_S": "2",
        **{name: value for name, value in environ.items() if _is_for_services(name)},
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", str(ROOT)),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **aws_environment(settings.ministack_port),
        "PROSA_STAGE": STAGE,
        "PROSA_PARAMETERS": provisioned.parameters,
        "PROSA_TABLE": provisioned.table,
        "PROSA_BUCKET": provisioned.bucket,
        "PROSA_QUEUE_URL": provisioned.queue_url,
        "PROSA_DEAD_LETTER_QUEUE_URL": provisioned.dead_letter_queue_url,
        "PROSA_REDIS_URL": redis_url(settings.redis_port),
        "PROSA_MODELS": ",".join(settings.models),
        "PROSA_ALLOWED_ORIGINS": settings.allowed_origins,
        # What every AWS client of the stack signs with, so that boto3 reaches the gateway as well.
        "PROSA_GATEWAY_MANAGEMENT_KEYS": "{AWS_ACCESS_KEY_ID}:{AWS_SECRET_ACCESS_KEY}".format_map(
            aws_environment(settings.ministack_port)
        ),
        **extra,
    }


def _is_for_services(name: str) -> bool:
    return name.startswith("PROSA_") or name in _WAY_OUT


def start_worker(
    launcher: Launcher, *, name: str, health_port: int, environment: Mapping[str, str]
) -> Child:
    """Start a worker; it is ready when `wait_for_service` says so."""
    env = {**environment, "PROSA_WORKER_HEALTH_PORT": str(health_port)}
    return launcher.launch(name, [sys.executable, "-m", "worker"], env=env)


def start_gateway(
    launcher: Launcher,
    *,
    name: str,
    ports: GatewayPorts,
    environment: Mapping[str, str],
) -> Child:
    """Start a gateway; it is ready when `wait_for_service` says so."""
    env = {
        **environment,
        "PROSA_GATEWAY_PORT": str(ports.sockets),
        "PROSA_GATEWAY_INTERNAL_PORT": str(ports.internal),
        "PROSA_GATEWAY_EVENTS_PORT": str(ports.events),
    }
    return launcher.launch(name, [sys.executable, "-m", "ws_gateway"], env=env)


def wait_for_service(launcher: Launcher, child: Child, port: int, *, timeout_s: float) -> None:
    """Wait until a service's `/readyz` answers 200. Raises ChildDied or NotReady."""
    url = f"http://{LOOPBACK}:{port}/readyz"
    launcher.wait_until(child, lambda: answers(url), timeout_s=timeout_s)


def start_edge(launcher: Launcher, settings: LocalSettings, *, api_url: str) -> Child:
    """Start the server of the built page, with `/api` and `/ws` passed on.

    The Lambda API behind `/api` is at `api_url`, its stage included. Raises MissingPage.
    """
    if not (ROOT / "web" / "dist" / "index.html").exists():
        raise MissingPage
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", str(ROOT)),
        "NODE_NO_WARNINGS": "1",
        "PORT": str(settings.edge_port),
        "PROSA_API_TARGET": api_url,
        "PROSA_WS_TARGET": f"ws://{LOOPBACK}:{settings.gateway_port}",
        "PROSA_EVENTS_TARGET": f"http://{LOOPBACK}:{settings.gateway_events_port}",
    }
    # node itself, not `npm run`: npm would stand between it and our signals.
    return launcher.launch("edge", ["node", str(VITE), "preview", str(Path(ROOT, "web"))], env=env)


def wait_for_edge(launcher: Launcher, child: Child, settings: LocalSettings) -> None:
    """Wait until a request goes the whole way: edge, API Gateway, Lambda."""
    url = f"{settings.edge_url}/api/health"
    launcher.wait_until(child, lambda: answers(url), timeout_s=EDGE_READY_S)


class MissingPage(Exception):
    """The page was not built."""

    def __init__(self) -> None:
        super().__init__("The page is not built yet. Start with `make run`, which builds it.")
