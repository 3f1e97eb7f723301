"""What can be chosen about a local stack: `PROSA_<FIELD>`, or `make run PROSA_<FIELD>=...`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Self

from pydantic import PositiveInt

from local.ports import free_ports
from prosa.settings import CommaSeparated, Settings

ROOT = Path(__file__).parents[1]
STAGE = "local"


class GatewayPorts(NamedTuple):
    """Where a gateway listens: for sockets, for event streams, and for who looks after it."""

    sockets: int
    events: int
    internal: int


class LocalSettings(Settings):
    """Ports, the chain of models, and where the stack keeps its state."""

    edge_port: PositiveInt = 8080
    gateway_port: PositiveInt = 8081
    gateway_internal_port: PositiveInt = 8082
    worker_health_port: PositiveInt = 8083
    gateway_events_port: PositiveInt = 8084
    redis_port: PositiveInt = 6390
    ministack_port: PositiveInt = 4566
    models: CommaSeparated = ("local:prosa-tiny",)
    state_dir: Path = ROOT / ".local"

    @classmethod
    def on_free_ports(cls, *, state_dir: Path, models: tuple[str, ...] = ()) -> Self:
        """Choose free ports, for a stack beside others: a test's, a benchmark's."""
        names = [name for name in cls.model_fields if name.endswith("_port")]
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        chain = {"models": models} if models else {}
        return cls.model_validate({**ports, **chain, "state_dir": state_dir})

    @property
    def gateway_ports(self) -> GatewayPorts:
        return GatewayPorts(self.gateway_port, self.gateway_events_port, self.gateway_internal_port)

    @property
    def edge_url(self) -> str:
        """The one address a person needs."""
        return f"http://127.0.0.1:{self.edge_port}"

    @property
    def ws_url(self) -> str:
        """Where browsers open their WebSocket: behind the edge, the page's own origin."""
        return f"ws://127.0.0.1:{self.edge_port}/ws"

    @property
    def allowed_origins(self) -> str:
        """The page by address and by name: people type both."""
        return f"{self.edge_url},http://localhost:{self.edge_port}"

    def ports(self) -> dict[str, tuple[int, str]]:
        """Name each part's port and the setting that moves it."""
        parts = {
            "edge_port": "the page",
            "gateway_port": "the WebSocket gateway",
            "gateway_internal_port": "the gateway's internal endpoints",
            "worker_health_port": "the worker's health endpoint",
            "gateway_events_port": "the gateway's event streams",
            "redis_port": "Redis",
            "ministack_port": "MiniStack, the AWS emulator",
        }
        return {
            part: (getattr(self, field), f"PROSA_{field.upper()}") for field, part in parts.items()
        }
