"""The opening of a WebSocket: `GET /ws?ticket=<ticket>&after=<cursor>`.

The library checks between our two looks that it is a WebSocket handshake and that its `Origin` is
on the list, so a request that fails on either does not cost its ticket.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response
from websockets.protocol import State

from ws_gateway.connection import Admission
from ws_gateway.gateway_socket import GatewaySocket
from ws_gateway.metrics import Counts
from ws_gateway.peers import Peers
from ws_gateway.problems import problem
from ws_gateway.reception import Reception, Refusal

PATH = "/ws"


class Handshake:
    """The two checks `websockets.serve` calls: before and after its own."""

    def __init__(self, reception: Reception, peers: Peers, counts: Counts) -> None:
        self._reception = reception
        self._peers = peers
        self._counts = counts

    def check_request(self, _: ServerConnection, request: Request) -> Response | None:
        """Refuse what needs no look at the ticket."""
        if urlsplit(request.path).path != PATH:
            refusal = Refusal(HTTPStatus.NOT_FOUND, "not_found", "Sockets open at /ws.")
            return problem(self._reception.refuse(refusal))
        refusal = self._reception.look()
        return problem(refusal) if refusal else None

    async def check_ticket(
        self, socket: ServerConnection, request: Request, response: Response
    ) -> Response | None:
        """Admit the holder of a ticket, or refuse. `response` is what the library would answer."""
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._counts.refused[f"http_{response.status_code}"] += 1
            return None
        found = await self._reception.admit(
            urlsplit(request.path).query,
            self._peers.of(socket.remote_address, request.headers),
            after=None,
            is_there=lambda: socket.state is State.CONNECTING,
        )
        if not isinstance(found, Admission):
            return problem(found)
        cast(GatewaySocket, socket).admission = found
        return None
