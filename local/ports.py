"""Ports: which are free, and what to say when one is not.

Called by `stack` before it starts anything, and by whoever wants a stack beside a running one.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"


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

    All are held open until the last is chosen, so no two are the same. Another program can still
    take one before we do: the start then fails loudly.
    """
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind((LOOPBACK, 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()
