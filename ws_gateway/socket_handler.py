"""What `websockets.serve` runs for every admitted socket."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ws_gateway.client_actions import ClientActions
from ws_gateway.gateway_socket import GatewaySocket
from ws_gateway.residence import Residence
from ws_gateway.websocket_connection import WebSocketConnection


class SocketHandler:
    """Serves the client's frames until the socket is gone."""

    def __init__(
        self, residence: Residence, actions: ClientActions, *, close_timeout_s: float
    ) -> None:
        self._residence = residence
        self._actions = actions
        self._close_timeout_s = close_timeout_s

    async def __call__(self, socket: ServerConnection) -> None:
        admitted = cast(GatewaySocket, socket)
        admission = admitted.admission
        admitted.pass_doorway()
        assert admission is not None, "the handshake admits before it upgrades"  # noqa: S101
        connection = WebSocketConnection(admitted, admission, close_timeout_s=self._close_timeout_s)

        async def serve() -> None:
            await self._actions.serve(connection, socket)

        with suppress(ConnectionClosed):
            await self._residence.live(connection, admission, serve)
