"""The clients' ports: the limits every socket gets from the library and from the kernel."""

from __future__ import annotations

import socket

from websockets.asyncio.server import Server, serve
from websockets.typing import Origin

from ws_gateway.gateway_socket import Doorway, GatewaySocket
from ws_gateway.handshake import Handshake
from ws_gateway.outgoing import MOST_FRAME_BYTES
from ws_gateway.settings import GatewaySettings
from ws_gateway.socket_handler import SocketHandler

MOST_INBOUND_BYTES = 16 * 1024
"""The largest message of a client; all it may send are short orders."""

STRICT_INBOUND_BYTES = (128 * 1024, MOST_FRAME_BYTES)
"""API Gateway's: of a message, of a frame. More is answered with 1009."""

BACKLOG = 4096


async def listen(settings: GatewaySettings, handshake: Handshake, handler: SocketHandler) -> Server:
    """Start to accept sockets. Raises OSError when the port is taken."""
    doorway = Doorway(most=settings.gateway_max_handshakes)
    origins: list[Origin | None] = [Origin(origin) for origin in settings.allowed_origins]
    if settings.gateway_allow_missing_origin:
        origins.append(None)
    return await serve(
        handler,
        sock=_listening_socket(settings, settings.gateway_port),
        backlog=BACKLOG,
        origins=origins,
        process_request=handshake.check_request,
        process_response=handshake.check_ticket,
        create_connection=GatewaySocket.behind(doorway),
        server_header=None,
        # Compression costs 38 KB a socket and half the send rate, for frames of 160 bytes.
        compression=None,
        open_timeout=settings.gateway_open_timeout_s,
        ping_interval=settings.gateway_ping_interval_s,
        ping_timeout=settings.gateway_ping_timeout_s,
        close_timeout=settings.gateway_close_timeout_s,
        max_size=STRICT_INBOUND_BYTES if settings.is_strict else MOST_INBOUND_BYTES,
        max_queue=4,
        write_limit=settings.gateway_write_buffer,
    )


def events_socket(settings: GatewaySettings) -> socket.socket:
    """The listening socket of the event streams. Raises OSError when the port is taken."""
    return _listening_socket(settings, settings.gateway_events_port)


def _listening_socket(settings: GatewaySettings, port: int) -> socket.socket:
    address = (settings.gateway_host, port)
    family = socket.AF_INET6 if ":" in settings.gateway_host else socket.AF_INET
    listening = socket.create_server(
        address, family=family, backlog=BACKLOG, reuse_port=settings.gateway_processes > 1
    )
    # Accepted sockets inherit it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.gateway_send_buffer)
    return listening
