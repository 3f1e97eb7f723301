"""The door for event streams: `GET /api/events?ticket=<ticket>&after=<cursor>`, on aiohttp.

On a port of its own, as `websockets` serves no HTTP; whatever stands in front routes the path here.
A `Last-Event-ID` counts before `after`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger

from ws_gateway.connection import Admission
from ws_gateway.event_stream import EventStreamConnection
from ws_gateway.listener import BACKLOG
from ws_gateway.peers import Peers
from ws_gateway.problems import problem_body, problem_headers
from ws_gateway.reception import Reception, Refusal
from ws_gateway.residence import Residence

PATH = "/api/events"

# A stage that ends streams sends them away itself (`drain.py`).
STOP_S = 1.0

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store, no-transform",
    # nginx would hold events back until its buffer is full.
    "X-Accel-Buffering": "no",
    "Connection": "close",
}


class EventStreams:
    """Admits and serves event streams."""

    def __init__(
        self,
        reception: Reception,
        residence: Residence,
        peers: Peers,
        *,
        allowed_origins: Collection[str],
        may_lack_origin: bool,
        heartbeat_s: float,
        write_buffer: int,
        close_timeout_s: float,
    ) -> None:
        self._reception = reception
        self._residence = residence
        self._peers = peers
        self._allowed_origins = allowed_origins
        self._may_lack_origin = may_lack_origin
        self._heartbeat_s = heartbeat_s
        self._write_buffer = write_buffer
        self._close_timeout_s = close_timeout_s
        self.live = 0
        """Streams that are served now."""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Stream events until the client goes, or is sent away."""
        refusal = self._reception.look() or self._look_at_origin(request)
        found = refusal or await self._admit(request)
        if isinstance(found, Refusal):
            return web.Response(
                status=found.status, body=problem_body(found), headers=problem_headers(found)
            )
        response = web.StreamResponse(headers=_HEADERS)
        response.enable_chunked_encoding()
        writer = await response.prepare(request)
        assert writer is not None, "no part of it was sent before"  # noqa: S101
        await writer.write(b":\n\n")  # with it the headers go out
        connection = EventStreamConnection(
            _transport(request),
            writer,
            found,
            write_buffer=self._write_buffer,
            close_timeout_s=self._close_timeout_s,
        )
        self.live += 1
        try:
            await self._residence.live(
                connection, found, lambda: connection.beat(self._heartbeat_s)
            )
        finally:
            self.live -= 1
        return response

    async def _admit(self, request: web.Request) -> Admission | Refusal:
        peer = self._peers.of(request.get_extra_info("peername"), request.headers)
        after = request.headers.get("Last-Event-ID")
        return await self._reception.admit(
            request.query_string, peer, after=after or None, is_there=lambda: _is_there(request)
        )

    def _look_at_origin(self, request: web.Request) -> Refusal | None:
        origin = request.headers.get("Origin")
        if origin in self._allowed_origins or (origin is None and self._may_lack_origin):
            return None
        detail = "This origin may not connect."
        return self._reception.refuse(Refusal(HTTPStatus.FORBIDDEN, "origin_refused", detail))


@asynccontextmanager
async def event_stream_http(
    streams: EventStreams, listening: socket.socket, *, open_timeout_s: float, most_waiting: int
) -> AsyncGenerator[int]:
    """Serve event streams on a listening socket, and close it. Yields its port.

    Who has not sent a whole request after `open_timeout_s`, or was refused and stays, is cut off.
    `most_waiting` connections may have shown no ticket yet; one more is cut off at once.
    """
    server_logger.addFilter(_is_our_fault)
    app = web.Application()
    app.add_routes([web.get(PATH, streams.serve, allow_head=False)])
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=STOP_S,
        # Without it a stream whose client is gone would beat on until it is closed.
        handler_cancellation=True,
        keepalive_timeout=open_timeout_s,  # aiohttp's own is an hour, from the connection on
    )
    with closing(listening):
        await runner.setup()
        http = runner.server
        assert http is not None, "it is set up"  # noqa: S101 - for the types alone

        def let_in() -> asyncio.Protocol:
            is_full = len(http.connections) - streams.live >= most_waiting
            return _TurnedAway() if is_full else http()

        server = await asyncio.get_running_loop().create_server(
            let_in, sock=listening, backlog=BACKLOG
        )
        try:
            yield listening.getsockname()[1]
        finally:
            server.close()
            await runner.cleanup()


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).abort()


def _is_our_fault(record: logging.LogRecord) -> bool:
    """Not of bytes that are no HTTP: aiohttp logs them as errors, and a ticket may be in them."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _transport(request: web.Request) -> asyncio.Transport:
    if request.transport is None:
        raise ConnectionResetError("the client is gone")
    return request.transport
