"""Counts the commands a Redis is sent, by its own MONITOR.

INFO's counters hold those that scripts run inside Redis as well, under the same names; MONITOR
tells the two apart.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from redis import Redis

from bench.gateway_process import RedisProcess

_END = b"bench:end"
_IN_SCRIPT = b" lua] "


class CommandCount:
    """`sent` came over a connection; `run` are those and what scripts called."""

    def __init__(self, process: RedisProcess, redis: Redis) -> None:
        self._address = urlsplit(process.url)
        self._redis = redis
        self._monitor: socket.socket | None = None
        self.sent = 0
        self.run = 0

    def begin(self) -> None:
        host, port = self._address.hostname, self._address.port
        assert host is not None
        assert port is not None
        self._monitor = socket.create_connection((host, port))
        self._monitor.sendall(b"MONITOR\r\n")
        self._monitor.recv(5)

    def end(self) -> None:
        """Read what was noted since: until now Redis held it."""
        assert self._monitor is not None
        self._redis.echo(_END)  # pyright: ignore[reportUnknownMemberType]
        with self._monitor, self._monitor.makefile("rb") as lines:
            for line in lines:
                if _END in line:
                    return
                self.run += 1
                self.sent += _IN_SCRIPT not in line
