"""What the management API does to a connection that this node holds.

The calls and answers also travel between nodes (`node_calls.py`), as JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from websockets.frames import CloseCode

from ws_gateway.connection import Connection
from ws_gateway.hub import Hub
from ws_gateway.outgoing import Outgoing
from ws_gateway.tasks import BackgroundTasks


class ManagedCall(BaseModel):
    """`text` is the message of a post."""

    model_config = ConfigDict(frozen=True)

    operation: Literal["post", "get", "delete"]
    connection_id: str
    text: str = ""


class ManagedAnswer(BaseModel):
    """`error` is the type of an exception, `fields` the body of an answer that has one."""

    model_config = ConfigDict(frozen=True)

    status: int
    error: str | None = None
    fields: dict[str, Any] | None = None


GONE = ManagedAnswer(status=HTTPStatus.GONE, error="GoneException")


class ManagedCalls:
    """Performs calls on the node's hub."""

    def __init__(self, hub: Hub, tasks: BackgroundTasks) -> None:
        self._hub = hub
        self._tasks = tasks

    def perform(self, call: ManagedCall) -> ManagedAnswer | None:
        """Do it at once; None when the connection is not here."""
        connection = self._hub.find(call.connection_id)
        if connection is None:
            return None
        match call.operation:
            case "post":
                return self._post(connection, call.text)
            case "get":
                return _describe(connection)
            case "delete":
                return self._delete(connection)

    def _post(self, connection: Connection, text: str) -> ManagedAnswer:
        if connection.is_congested:
            # What API Gateway, too, answers when the client's buffer is full.
            return ManagedAnswer(
                status=HTTPStatus.TOO_MANY_REQUESTS, error="LimitExceededException"
            )
        connection.send(Outgoing(text.encode()))
        return ManagedAnswer(status=HTTPStatus.OK)

    def _delete(self, connection: Connection) -> ManagedAnswer:
        """The answer does not wait for the client's."""
        closing = connection.close(CloseCode.NORMAL_CLOSURE, "Connection closed by the server.")
        self._tasks.start(closing, name="close managed connection")
        return ManagedAnswer(status=HTTPStatus.NO_CONTENT)


def _describe(connection: Connection) -> ManagedAnswer:
    fields = {
        "connectedAt": _iso(connection.connected_at),
        "lastActiveAt": _iso(connection.last_active_at),
        "identity": {
            "sourceIp": connection.peer.ip,
            "userAgent": connection.peer.user_agent,
        },
    }
    return ManagedAnswer(status=HTTPStatus.OK, fields=fields)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
