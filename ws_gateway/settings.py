"""What the gateway reads from its environment, and the limits it holds.

A field `gateway_port` is read from `PROSA_GATEWAY_PORT`. Read once, by `__main__.py`.
"""

from __future__ import annotations

import secrets

from pydantic import Field

from prosa.settings import CommaSeparated, RedisSettings


def _random_node() -> str:
    return f"gw-{secrets.token_hex(5)}"


class GatewaySettings(RedisSettings):
    """Times are seconds, sizes bytes."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = Field(default=8081, ge=0, le=65535)
    """For clients; 0 takes any free port."""

    gateway_internal_host: str = "127.0.0.1"
    """For probes, metrics and the management API. That API asks for no signature yet: let only
    those reach it who may write to every user."""

    gateway_internal_port: int = Field(default=8082, ge=0, le=65535)

    gateway_events_port: int = Field(default=8084, ge=0, le=65535)
    """For clients that come for an event stream, on the same host as the sockets' port."""

    gateway_forwarded_hops: int = Field(default=0, ge=0, le=5)
    """Proxies in front, each of which adds to `X-Forwarded-For` who came to it. 0 takes the
    socket's own address for the client's."""

    gateway_node: str = Field(default_factory=_random_node, pattern=r"^[\w.-]{1,64}$")
    """Names this process in the connection map. A restarted one must not find the entries of its
    former self to be its own, hence random."""

    allowed_origins: CommaSeparated = ("http://127.0.0.1:8080", "http://localhost:8080")
    """Pages that may open a socket, as their `Origin` reads."""

    gateway_allow_missing_origin: bool = True
    """Admit clients that send no `Origin`, such as the terminal client. Browsers always send it,
    and a ticket, unlike a cookie, is not sent along by a browser on its own: what `Origin` guards
    against needs both."""

    gateway_max_connections: int = Field(default=10_000, ge=1)
    """More are refused with 503 before the upgrade: another node has room."""

    gateway_max_connections_per_user: int = Field(default=10, ge=1)
    """Per node. One more is closed with 4429."""

    gateway_max_connections_per_address: int = Field(default=100, ge=1)
    """Per node, for an IPv4 address or the /64 of an IPv6 address; more are refused with 429. Not
    for addresses of private networks where no proxy is known (`gateway_forwarded_hops`)."""

    gateway_open_timeout_s: float = Field(default=5.0, gt=0)
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
