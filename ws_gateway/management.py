"""The management API of API Gateway WebSocket APIs, for connections held by this node.

`POST`, `GET` and `DELETE /@connections/{id}`, so that boto3's `apigatewaymanagementapi` works with
`endpoint_url` set to the internal port. No signature is checked yet: whoever reaches the port may
write to every connection, which is why it binds loopback unless told otherwise.

boto3 raises its typed exceptions only where `x-amzn-errortype` names them, and reads lower-camel
keys only (botocore's model `apigatewaymanagementapi/2018-11-29`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web
from websockets.frames import CloseCode

from ws_gateway.connection import Connection
from ws_gateway.hub import Hub
from ws_gateway.outgoing import Outgoing
from ws_gateway.tasks import BackgroundTasks

MOST_BYTES = 128 * 1024
"""The largest message API Gateway takes."""


class ManagementApi:
    """Request handlers over the node's hub."""

    def __init__(self, hub: Hub, tasks: BackgroundTasks) -> None:
        self._hub = hub
        self._tasks = tasks

    def routes(self) -> list[web.AbstractRouteDef]:
        """The three calls, with and without a stage in front."""
        return [
            make(prefix + "/@connections/{id}", handler)
            for prefix in ("", "/{stage}")
            for make, handler in (
                (web.post, self.post),
                (web.get, self.get),
                (web.delete, self.delete),
            )
        ]

    async def post(self, request: web.Request) -> web.Response:
        """Send the raw body as one text frame."""
        connection = self._find(request)
        if connection is None:
            return _gone()
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            body = None
        if body is None or len(body) > MOST_BYTES:
            return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLargeException")
        try:
            body.decode()
        except UnicodeDecodeError:
            # It would make the client close the socket: text frames are UTF-8.
            return _error(HTTPStatus.BAD_REQUEST, "BadRequestException")
        if connection.is_congested:
            # What API Gateway, too, answers when the client's buffer is full.
            return _error(HTTPStatus.TOO_MANY_REQUESTS, "LimitExceededException")
        if not connection.is_open:
            return _gone()
        connection.send(Outgoing(body))
        return web.Response()

    async def get(self, request: web.Request) -> web.Response:
        """Say since when it is connected, when it was last active, and who it is."""
        connection = self._find(request)
        if connection is None:
            return _gone()
        return web.json_response(
            {
                "connectedAt": _iso(connection.connected_at),
                "lastActiveAt": _iso(connection.last_active_at),
                "identity": {
                    "sourceIp": connection.peer.ip,
                    "userAgent": connection.peer.user_agent,
                },
            }
        )

    async def delete(self, request: web.Request) -> web.Response:
        """Close it; the answer does not wait for the client's."""
        connection = self._find(request)
        if connection is None:
            return _gone()
        closing = connection.close(CloseCode.NORMAL_CLOSURE, "Connection closed by the server.")
        self._tasks.start(closing, name="close managed connection")
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _find(self, request: web.Request) -> Connection | None:
        return self._hub.find(request.match_info["id"])


def _gone() -> web.Response:
    return _error(HTTPStatus.GONE, "GoneException")


def _error(status: HTTPStatus, kind: str) -> web.Response:
    headers = {"x-amzn-errortype": kind}
    return web.json_response({"message": status.phrase}, status=status, headers=headers)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
