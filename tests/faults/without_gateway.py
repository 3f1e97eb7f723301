"""The safeguards of the gateway, and how each is taken out; see `without.py`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import PropertyMock, patch

from ws_gateway import drain, reception
from ws_gateway.websocket_connection import WebSocketConnection


@contextmanager
def _no_resume() -> Generator[None]:
    """Every socket begins at the end of the log, wherever its client was."""
    with patch.object(reception, "_read_after", return_value=None):
        yield


@contextmanager
def _no_bound() -> Generator[None]:
    """Sockets are written to however much they have not read."""
    full = PropertyMock(return_value=False)
    with patch.object(WebSocketConnection, "is_congested", full):
        yield


@contextmanager
def _no_spread() -> Generator[None]:
    """A gateway that leaves asks all its clients to come back at once."""
    with patch.object(drain, "_moment", return_value=0.0):
        yield


GATEWAY_SAFEGUARDS: Mapping[str, Callable[[], AbstractContextManager[None]]] = {
    "resume": _no_resume,
    "bound": _no_bound,
    "spread": _no_spread,
}
