"""A connection that is a WebSocket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine

from websockets.protocol import State

from ws_gateway.connection import Admission, Connection
from ws_gateway.gateway_socket import GatewaySocket
from ws_gateway.outgoing import Outgoing


class WebSocketConnection(Connection):
    """Writes frames past `ServerConnection.send`, which would wait for a reader that is slow."""

    __slots__ = ("_close_timeout_s", "_is_closing", "_socket")

    kind = "websocket"

    def __init__(
        self, socket: GatewaySocket, admission: Admission, *, close_timeout_s: float
    ) -> None:
        super().__init__(admission)
        self._socket = socket
        self._close_timeout_s = close_timeout_s
        self._is_closing = False

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    @property
    def is_open(self) -> bool:
        return not self._is_closing and self._socket.protocol.state is State.OPEN

    @property
    def is_congested(self) -> bool:
        return self._socket.paused

    def send(self, *messages: Outgoing) -> None:
        # Straight into the transport, as `websockets.broadcast` does, but framed once for all.
        if self.is_open:
            self.last_active_at = time.time()
            frames = [message.frame for message in messages]
            self._socket.write(frames[0] if len(frames) == 1 else b"".join(frames))

    async def drained(self, *, within_s: float) -> None:
        async with asyncio.timeout(within_s):
            await self._socket.drain()

    def close(self, code: int, reason: str) -> Coroutine[None, None, None]:
        self._is_closing = True
        return self._close(code, reason)

    async def _close(self, code: int, reason: str) -> None:
        try:
            # The socket's own timeout starts to count only when the buffer has drained, so a
            # stalled reader would hold it for good.
            async with asyncio.timeout(self._close_timeout_s):
                await self._socket.close(code, reason)
        except TimeoutError:
            pass
        finally:
            self._socket.transport.abort()
