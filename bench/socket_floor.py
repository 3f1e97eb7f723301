"""`python -m bench.socket_floor`: bare servers to set the gateway beside. A `Helper`.

`websockets` as it comes, on uvloop, without compression, with the gateway's own gc settings: it
asks nobody who they are, and what it sends lies in its memory. The relay hears redis-py's pub/sub,
a channel per conversation, and awaits `send` for each message: how one would write it first.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from typing import Any, cast

from redis.asyncio import Redis
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from bench.helper_process import obey
from prosa.redis_client import connect

BACKLOG = 4096
BETWEEN_YIELDS = 32
"""Frames written before the loop may do something else: as many as `log_writer.py` appends at
once."""


class Floor:
    """One server, and what it is told to send."""

    def __init__(self) -> None:
        self._sockets: dict[str, ServerConnection] = {}
        self._server: Server | None = None
        self._relaying: asyncio.Task[None] | None = None

    async def serve(self) -> dict[str, Any]:
        """Take sockets; gives the port."""
        self._server = await serve(
            self._handle, "127.0.0.1", 0, backlog=BACKLOG, compression=None, close_timeout=1
        )
        return {"port": next(iter(self._server.sockets)).getsockname()[1]}

    async def _handle(self, ws: ServerConnection) -> None:
        assert ws.request is not None
        path = ws.request.path
        self._sockets[path] = ws
        with suppress(ConnectionClosed):
            async for _ in ws:
                pass
        self._sockets.pop(path, None)

    async def fan_out(self, *, rounds: int, text: str) -> dict[str, Any]:
        """Send each of `rounds` messages to all sockets; gives when it began."""
        began = time.perf_counter()
        sockets = list(self._sockets.values())
        for _ in range(rounds):
            broadcast(sockets, text)
            await asyncio.sleep(0)
        return {"began": began}

    async def one_by_one(self, *, rounds: int, text: str) -> dict[str, Any]:
        """Send each socket a message of its own, `rounds` times; gives when it began."""
        began = time.perf_counter()
        sockets = [(each,) for each in self._sockets.values()]
        sent = 0
        for _ in range(rounds):
            for each in sockets:
                broadcast(each, text)
                sent += 1
                if sent % BETWEEN_YIELDS == 0:
                    await asyncio.sleep(0)
        return {"began": began}

    async def relay(self, *, redis_url: str, channels: list[str]) -> dict[str, Any]:
        """Send what is published on a channel to the socket of that path, from now on."""
        redis = connect(redis_url)
        heard = asyncio.Event()
        self._relaying = asyncio.create_task(self._relay(redis, channels, heard))
        await heard.wait()
        return {}

    async def _relay(self, redis: Redis, channels: list[str], heard: asyncio.Event) -> None:
        pubsub: Any = cast(Any, redis).pubsub()
        await pubsub.subscribe(*channels)
        async for message in pubsub.listen():
            heard.set()
            if message["type"] == "message":
                ws = self._sockets.get(message["channel"])
                if ws is not None:
                    await ws.send(message["data"])

    async def echo(self) -> dict[str, Any]:
        """Send back what comes over TCP, one connection at a time; gives the port."""
        listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=_echo, args=(listening,), daemon=True).start()
        return {"port": listening.getsockname()[1]}


def _echo(listening: socket.socket) -> None:
    while True:
        peer, _ = listening.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := peer.recv(4096):
            peer.sendall(data)
        peer.close()


def main() -> None:
    floor = Floor()
    orders = {
        "serve": floor.serve,
        "fan_out": floor.fan_out,
        "one_by_one": floor.one_by_one,
        "relay": floor.relay,
        "echo": floor.echo,
    }
    obey(orders)


if __name__ == "__main__":
    main()
