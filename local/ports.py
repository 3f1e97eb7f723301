"""Ports: which are free, and what to say when one is not.

Called by `stack` before it starts anything, and by whoever wants a stack beside a running one.
"""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"

_FOR_SERVERS = 10_000, 32_767
"""Below what systems give to outgoing connections (Linux begins at 32,768): one of those could take
a port between its choice and its use, or while its server is down for a moment."""

_random = random.SystemRandom()
"""Not the shared generator: test runners seed that one alike in all of their processes."""


class PortTaken(Exception):
    """Something else listens on a port the stack needs. `variable` is the setting that moves it."""

    def __init__(self, *, port: int, needed_by: str, variable: str) -> None:
        self.port = port
        self.needed_by = needed_by
        self.variable = variable
        super().__init__(
            f"Port {port}, for {needed_by}, is taken by another program. "
            f"End that program, or choose another port: make run {variable}=<port>"
        )


def check_free(needed: Mapping[str, tuple[int, str]]) -> None:
    """Raise PortTaken for the first taken port of `{part: (port, variable)}`."""
    for part, (port, variable) in needed.items():
        if not is_free(port):
            raise PortTaken(port=port, needed_by=part, variable=variable)


def is_free(port: int) -> bool:
    """Tell whether `port` can be listened on at the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        # As servers do: a port in TIME_WAIT from the run before counts as free.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((LOOPBACK, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def free_ports(count: int) -> list[int]:
    """Pick `count` different ports nobody listens on now.

    All are held open until the last is chosen, so no two are the same. Another server can still
    take one before we do: the start then fails loudly.
    """
    held: dict[int, socket.socket] = {}
    try:
        while len(held) < count:
            port = _random.randint(*_FOR_SERVERS)
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                sock.bind((LOOPBACK, port))
            except OSError as exc:
                sock.close()
                if exc.errno != errno.EADDRINUSE:
                    raise
            else:
                held[port] = sock
        return list(held)
    finally:
        for sock in held.values():
            sock.close()
