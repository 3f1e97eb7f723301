"""The management API of API Gateway WebSocket APIs, for the connections of all nodes.

`POST`, `GET` and `DELETE /@connections/{id}`, so that boto3's `apigatewaymanagementapi` works with
`endpoint_url` set to the internal port of any node.

boto3 raises its typed exceptions only where `x-amzn-errortype` names them, and reads lower-camel
keys only (botocore's model `apigatewaymanagementapi/2018-11-29`).
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Literal

from aiohttp import web

from ws_gateway.managed_calls import ManagedAnswer, ManagedCall, ManagedCalls
from ws_gateway.node_calls import NodeCalls
from ws_gateway.redis_errors import REDIS_AWAY
from ws_gateway.signatures import SignatureCheck, SignatureRefused, SignedRequest

log = logging.getLogger(__name__)

MOST_BYTES = 128 * 1024
"""The largest message API Gateway takes."""

_OPERATIONS: dict[str, Literal["post", "get", "delete"]] = {
    "POST": "post",
    "GET": "get",
    "DELETE": "delete",
}


class ManagementApi:
    """Request handlers. Without `signatures` whoever reaches the port may call."""

    def __init__(
        self, calls: ManagedCalls, nodes: NodeCalls, *, signatures: SignatureCheck | None
    ) -> None:
        self._calls = calls
        self._nodes = nodes
        self._signatures = signatures

    def routes(self) -> list[web.AbstractRouteDef]:
        """The three calls, with and without a stage in front."""
        return [
            web.route(method, prefix + "/@connections/{id}", self.serve)
            for prefix in ("", "/{stage}")
            for method in _OPERATIONS
        ]

    async def serve(self, request: web.Request) -> web.Response:
        """Check who asks and what, do it here or have it done elsewhere."""
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _too_large()
        try:
            self._check(request, body)
        except SignatureRefused as refused:
            return _error(HTTPStatus.FORBIDDEN, refused.kind, refused.text)
        if len(body) > MOST_BYTES:
            return _too_large()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            # It would make the client close the socket: text frames are UTF-8.
            return _error(HTTPStatus.BAD_REQUEST, "BadRequestException", "Invalid UTF-8 body")
        call = ManagedCall(
            operation=_OPERATIONS[request.method],
            connection_id=request.match_info["id"],
            text=text,
        )
        try:
            answer = self._calls.perform(call) or await self._nodes.ask(call)
        except REDIS_AWAY as exc:
            log.warning("nodes_not_asked", extra={"error": repr(exc)})
            return _error(
                HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerException", "Try again later."
            )
        return _response(answer)

    def _check(self, request: web.Request, body: bytes) -> None:
        if self._signatures is None:
            return
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = f"{request.scheme}://{request.host}{request.raw_path}"
        self._signatures.check(SignedRequest(request.method, url, headers, body))


def _response(answer: ManagedAnswer) -> web.Response:
    if answer.error is not None:
        status = HTTPStatus(answer.status)
        return _error(status, answer.error, status.phrase)
    if answer.fields is not None:
        return web.json_response(answer.fields, status=answer.status)
    return web.Response(status=answer.status)


def _too_large() -> web.Response:
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return _error(status, "PayloadTooLargeException", status.phrase)


def _error(status: HTTPStatus, kind: str, text: str) -> web.Response:
    headers = {"x-amzn-errortype": kind}
    return web.json_response({"message": text}, status=status, headers=headers)
