"""What the gateway reads from its environment, and the limits it holds.

A field `gateway_port` is read from `PROSA_GATEWAY_PORT`. Read once, by `__main__.py`.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from prosa.settings import CommaSeparated, RedisSettings

# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
STRICT_IDLE_S = 10 * 60.0
STRICT_LIFE_S = 2 * 60 * 60.0


def _random_node() -> str:
    return f"gw-{secrets.token_hex(5)}"


def _read_keys(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [pair.strip().partition(":") for pair in value.split(",") if pair.strip()]
    if not all(key_id and secret for key_id, _, secret in pairs):
        # Not repeating it: half of it may be a secret.
        raise ValueError("reads <access key id>:<secret>, more of them after commas")
    return {key_id: secret for key_id, _, secret in pairs}


class GatewaySettings(RedisSettings):
    """Times are seconds, sizes bytes."""

    stage: str = "local"

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8081, ge=0, le=65535)
    """For clients; 0 takes any free port."""

    gateway_internal_host: str = "127.0.0.1"
    """For probes, metrics and the management API. Whoever may sign for that API may write to every
    user."""

    gateway_internal_port: int = Field(default=8082, ge=0, le=65535)

    gateway_events_port: int = Field(default=8084, ge=0, le=65535)
    """For clients that come for an event stream, on the same host as the sockets' port."""

    gateway_processes: int = Field(default=1, ge=1, le=64)
    """How many share the clients' ports on this host, one per processor. Each is a node of its own
    with its own limits; process n has its internal port n above `gateway_internal_port`."""

    gateway_forwarded_hops: int = Field(default=0, ge=0, le=5)
    """Proxies in front, each of which adds to `X-Forwarded-For` who came to it. 0 takes the
    socket's own address for the client's."""

    gateway_management_auth: Literal["sigv4", "off"] = "sigv4"
    """`off` takes any call to the management API; on a laptop only (stage `local`)."""

    gateway_management_keys: Annotated[dict[str, SecretStr], BeforeValidator(_read_keys)] = Field(
        default_factory=dict
    )
    """`<access key id>:<secret>,...`: who may call the management API. With none nobody may."""

    gateway_node: str = Field(default_factory=_random_node, pattern=r"^[\w.-]{1,64}$")
    """Names this process in the connection map. A restarted one must not find the entries of its
    former self to be its own, hence random."""

    allowed_origins: CommaSeparated = ("http://127.0.0.1:8080", "http://localhost:8080")
    """Pages that may open a socket, as their `Origin` reads."""

    gateway_allow_missing_origin: bool = True
    """Admit clients that send no `Origin`, such as the terminal client. Browsers always send it,
    and a ticket, unlike a cookie, is not sent along by a browser on its own: what `Origin` guards
    against needs both."""

    gateway_profile: Literal["open", "strict"] = "open"
    """`strict` holds clients to API Gateway's limits as well, to be tested against them: closed
    when idle for 10 minutes and after 2 hours, messages of 128 KB and frames of 32 KB (1009), text
    only (1003)."""

    gateway_idle_s: float = Field(default=0.0, ge=0)
    gateway_life_s: float = Field(default=0.0, ge=0)
    """Of a connection, when it is closed with `gateway_limit_close_code`; 0 is the profile's."""

    gateway_limit_close_code: int = Field(default=1001, ge=1000, le=4999)
    """AWS documents none for its two limits; measure it on your account, then test with it."""

    gateway_max_connections: int = Field(default=10_000, ge=1)
    """More are refused with 503 before the upgrade: another node has room."""

    gateway_max_connections_per_user: int = Field(default=10, ge=1)
    """Per node. One more is closed with 4429."""

    gateway_max_connections_per_address: int = Field(default=100, ge=1)
    """Per node, for an IPv4 address or the /64 of an IPv6 address; more are refused with 429. Not
    for addresses of private networks where no proxy is known (`gateway_forwarded_hops`)."""

    gateway_max_handshakes: int = Field(default=4_000, ge=1)
    """Per node, of sockets that have shown no ticket yet; more are cut off at once."""

    gateway_open_timeout_s: float = Field(default=5.0, gt=0)
    """For the handshake. Who connects and says nothing is cut off after it."""

    gateway_ping_interval_s: float = Field(default=20.0, gt=0)
    gateway_ping_timeout_s: float = Field(default=10.0, gt=0)

    gateway_heartbeat_s: int = Field(default=20, ge=1)
    """How often clients are asked to ping: a page cannot see the protocol's own pings."""

    gateway_session_grace_s: float = Field(default=30.0, ge=0)
    """A socket outlives its session by this, so that a renewal may be late."""

    gateway_lease_s: float = Field(default=45.0, gt=0)
    gateway_renew_s: float = Field(default=15.0, gt=0)
    """Two renewals may fail before entries of the connection map expire."""

    gateway_sweep_s: float = Field(default=3.0, gt=0)
    """How often logs and sockets are compared: the longest an event hides that no poke told of."""

    gateway_write_buffer: int = Field(default=64 * 1024, ge=1024)
    """Per socket, in this process. Above it the socket is sent nothing until it has drained."""

    gateway_send_buffer: int = Field(default=64 * 1024, ge=4096)
    """Per socket, in the kernel, which doubles it; left alone it grows to 4 MiB for a reader that
    does not read."""

    gateway_stall_s: float = Field(default=10.0, gt=0)
    """A socket whose buffer has not drained for this long is closed with 4408."""

    gateway_close_timeout_s: float = Field(default=2.0, gt=0)
    """For the closing handshake; after that the connection is cut."""

    gateway_drain_s: float = Field(default=3.0, ge=0)
    """Over how long the sockets are closed when the process is asked to stop."""

    @field_validator("gateway_processes")
    @classmethod
    def _several_share_fixed_ports(cls, value: int, info: ValidationInfo) -> int:
        if value > 1 and 0 in (info.data.get("gateway_port"), info.data.get("gateway_events_port")):
            raise ValueError("several processes share the clients' ports, which must be given")
        return value

    @field_validator("gateway_management_auth")
    @classmethod
    def _off_is_for_laptops(cls, value: str, info: ValidationInfo) -> str:
        if value == "off" and info.data.get("stage") != "local":
            raise ValueError("off is for the stage local only")
        return value

    @property
    def is_strict(self) -> bool:
        return self.gateway_profile == "strict"

    @property
    def idle_s(self) -> float:
        """How long a connection may be silent both ways; 0 is for ever."""
        return self.gateway_idle_s or (STRICT_IDLE_S if self.is_strict else 0.0)

    @property
    def life_s(self) -> float:
        """How long a connection may live; 0 is for ever."""
        return self.gateway_life_s or (STRICT_LIFE_S if self.is_strict else 0.0)
