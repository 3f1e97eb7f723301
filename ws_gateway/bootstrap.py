"""Builds the gateway from its parts; the only file that knows all of them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from websockets.asyncio.server import Server, serve
from websockets.typing import Origin

from prosa.event_log.log import EventLog
from prosa.redis_client import connect
from ws_gateway.client_actions import ClientActions
from ws_gateway.connection import GatewaySocket
from ws_gateway.drain import drain
from ws_gateway.feed import Feed
from ws_gateway.handshake import Handshake
from ws_gateway.hub import Hub
from ws_gateway.internal_http import internal_http
from ws_gateway.leases import Leases
from ws_gateway.management import ManagementApi
from ws_gateway.metrics import Counts, GatewayCollector
from ws_gateway.readiness import Readiness
from ws_gateway.settings import GatewaySettings
from ws_gateway.socket_handler import SocketHandler
from ws_gateway.sweeper import Sweeper
from ws_gateway.tasks import BackgroundTasks, keep_running
from ws_gateway.ticket_desk import TicketDesk
from ws_gateway.wakeups import Wakeups

REDIS_CALLS_AT_ONCE = 64
"""Calls on behalf of single connections. The client's pool holds 100 and refuses the next."""

MOST_INBOUND_BYTES = 16 * 1024
BACKLOG = 4096


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that serves: its ports, who is connected, and what it counted."""

    port: int
    internal_port: int
    hub: Hub
    counts: Counts


@dataclass(frozen=True, slots=True)
class _Parts:
    hub: Hub
    counts: Counts
    readiness: Readiness
    tasks: BackgroundTasks
    leases: Leases
    sweeper: Sweeper
    wakeups: Wakeups
    handshake: Handshake
    handler: SocketHandler


@asynccontextmanager
async def gateway(settings: GatewaySettings) -> AsyncGenerator[RunningGateway]:
    """Serve until the block is left, then drain. Sockets are taken once Redis was heard."""
    async with AsyncExitStack() as stack:
        parts = await _build(settings, stack)
        internal_port = await stack.enter_async_context(
            internal_http(
                host=settings.gateway_internal_host,
                port=settings.gateway_internal_port,
                management=ManagementApi(parts.hub, parts.tasks),
                readiness=parts.readiness,
                collector=GatewayCollector(parts.counts, parts.hub),
            )
        )
        stack.push_async_callback(parts.tasks.cancel)
        loops = BackgroundTasks()
        server = await _listen(settings, parts)
        stack.push_async_callback(
            drain,
            parts.hub,
            server,
            readiness=parts.readiness,
            tasks=parts.tasks,
            counts=parts.counts,
            over_s=settings.gateway_drain_s,
            close_timeout_s=settings.gateway_close_timeout_s,
        )
        # Left first: a renewal during the drain would put back what the drain takes off the map.
        stack.push_async_callback(loops.cancel)
        for name, part in (
            ("wakeups", parts.wakeups),
            ("leases", parts.leases),
            ("sweeper", parts.sweeper),
        ):
            loops.start(keep_running(part.run), name=name)
        port = server.sockets[0].getsockname()[1]
        yield RunningGateway(port, internal_port, parts.hub, parts.counts)


async def _build(settings: GatewaySettings, stack: AsyncExitStack) -> _Parts:
    redis = await stack.enter_async_context(connect(settings.redis_url))
    wakeup_redis = await stack.enter_async_context(connect(settings.redis_url))
    event_log = EventLog(redis, cluster=settings.redis_cluster)
    hub, counts, tasks, readiness = Hub(), Counts(), BackgroundTasks(), Readiness()
    gate = asyncio.Semaphore(REDIS_CALLS_AT_ONCE)
    grace_s = settings.gateway_session_grace_s
    stall_s = settings.gateway_stall_s
    node = settings.gateway_node
    feed = Feed(hub, event_log, tasks=tasks, reads=gate, counts=counts, stall_s=stall_s)
    leases = Leases(
        hub,
        event_log,
        node=node,
        lease_s=settings.gateway_lease_s,
        renew_s=settings.gateway_renew_s,
        gate=gate,
    )
    sweeper = Sweeper(
        hub,
        event_log,
        feed,
        tasks=tasks,
        counts=counts,
        every_s=settings.gateway_sweep_s,
        session_grace_s=grace_s,
    )
    tickets = TicketDesk(redis, gate=gate, session_grace_s=grace_s)

    async def subscribed() -> None:
        # Connections to a Redis that is gone would fail one call each.
        await redis.connection_pool.disconnect(inuse_connections=False)
        # Redis may have come back empty: enter everyone again, and ask what was missed.
        await leases.renew_all()
        await sweeper.compare_tails()
        readiness.has_subscribed = True

    return _Parts(
        hub=hub,
        counts=counts,
        readiness=readiness,
        tasks=tasks,
        leases=leases,
        sweeper=sweeper,
        wakeups=Wakeups(wakeup_redis, feed, node=node, counts=counts, on_subscribed=subscribed),
        handshake=Handshake(
            hub=hub,
            event_log=event_log,
            leases=leases,
            tickets=tickets,
            readiness=readiness,
            counts=counts,
            max_connections=settings.gateway_max_connections,
        ),
        handler=SocketHandler(
            hub=hub,
            feed=feed,
            leases=leases,
            actions=ClientActions(event_log, tickets, gate=gate, counts=counts),
            readiness=readiness,
            counts=counts,
            heartbeat_s=settings.gateway_heartbeat_s,
            max_per_user=settings.gateway_max_connections_per_user,
            close_timeout_s=settings.gateway_close_timeout_s,
        ),
    )


async def _listen(settings: GatewaySettings, parts: _Parts) -> Server:
    origins: list[Origin | None] = [Origin(origin) for origin in settings.allowed_origins]
    if settings.gateway_allow_missing_origin:
        origins.append(None)
    return await serve(
        parts.handler,
        sock=_listening_socket(settings),
        backlog=BACKLOG,
        origins=origins,
        process_request=parts.handshake.check_request,
        process_response=parts.handshake.check_ticket,
        create_connection=GatewaySocket,
        server_header=None,
        # Compression costs 38 KB a socket and half the send rate, for frames of 160 bytes.
        compression=None,
        open_timeout=settings.gateway_open_timeout_s,
        ping_interval=settings.gateway_ping_interval_s,
        ping_timeout=settings.gateway_ping_timeout_s,
        close_timeout=settings.gateway_close_timeout_s,
        max_size=MOST_INBOUND_BYTES,
        max_queue=4,
        write_limit=settings.gateway_write_buffer,
    )


def _listening_socket(settings: GatewaySettings) -> socket.socket:
    address = (settings.gateway_host, settings.gateway_port)
    family = socket.AF_INET6 if ":" in settings.gateway_host else socket.AF_INET
    listening = socket.create_server(address, family=family, backlog=BACKLOG)
    # Accepted sockets inherit it.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.gateway_send_buffer)
    return listening
