"""Builds the gateway from its parts; the only file that knows all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from redis.asyncio import Redis

from prosa.event_log.log import EventLog
from prosa.redis_client import connect
from prosa.redis_iam import iam_sign_in
from prosa.socket_access.admission import SocketAccess
from prosa.socket_access.revocations import SessionsEnded
from ws_gateway.client_actions import ClientActions
from ws_gateway.drain import drain
from ws_gateway.feed import PAGE, Feed
from ws_gateway.handshake import Handshake
from ws_gateway.hub import Hub
from ws_gateway.internal_http import internal_http
from ws_gateway.leases import Leases
from ws_gateway.listener import listen
from ws_gateway.management import ManagementApi
from ws_gateway.metrics import Counts, GatewayCollector
from ws_gateway.readiness import Readiness
from ws_gateway.revocations import Revocations
from ws_gateway.settings import GatewaySettings
from ws_gateway.socket_handler import SocketHandler
from ws_gateway.sweeper import Sweeper
from ws_gateway.tasks import BackgroundTasks, keep_running
from ws_gateway.ticket_desk import TicketDesk
from ws_gateway.wakeups import Wakeups

REDIS_CALLS_AT_ONCE = 64
"""Calls on behalf of single connections. The client's pool holds 100 and refuses the next."""


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that serves: its ports, who is connected, and what it counted."""

    port: int
    internal_port: int
    hub: Hub
    counts: Counts


@dataclass(frozen=True, slots=True)
class _Shared:
    """What most parts stand on."""

    settings: GatewaySettings
    redis: Redis
    event_log: EventLog
    hub: Hub = field(default_factory=Hub)
    counts: Counts = field(default_factory=Counts)
    readiness: Readiness = field(default_factory=Readiness)
    tasks: BackgroundTasks = field(default_factory=BackgroundTasks)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REDIS_CALLS_AT_ONCE))


@asynccontextmanager
async def gateway(settings: GatewaySettings) -> AsyncGenerator[RunningGateway]:
    """Serve until the block is left, then drain. Sockets are taken once Redis was heard."""
    async with AsyncExitStack() as stack:
        sign_in = iam_sign_in(settings.redis_iam_user, settings.redis_cache_name)
        redis = await stack.enter_async_context(connect(settings.redis_url, sign_in=sign_in))
        wakeup_redis = await stack.enter_async_context(connect(settings.redis_url, sign_in=sign_in))
        shared = _Shared(settings, redis, EventLog(redis, cluster=settings.redis_cluster))
        feed, leases = _feed(shared), _leases(shared)
        sweeper = _sweeper(shared, feed)
        revocations = Revocations(shared.hub, redis, tasks=shared.tasks, counts=shared.counts)
        wakeups = _wakeups(shared, wakeup_redis, feed, leases, sweeper, revocations)
        internal_port = await stack.enter_async_context(
            internal_http(
                host=settings.gateway_internal_host,
                port=settings.gateway_internal_port,
                management=ManagementApi(shared.hub, shared.tasks),
                readiness=shared.readiness,
                collector=GatewayCollector(shared.counts, shared.hub),
            )
        )
        stack.push_async_callback(shared.tasks.cancel)
        port = await stack.enter_async_context(_door(shared, feed, leases, revocations))
        loops = BackgroundTasks()
        # Ended first: a renewal during the drain would put back what the drain takes off the map.
        stack.push_async_callback(loops.cancel)
        loops.start(keep_running(wakeups.run), name="wakeups")
        loops.start(keep_running(leases.run), name="leases")
        loops.start(keep_running(sweeper.run), name="sweeper")
        loops.start(keep_running(revocations.run), name="revocations")
        yield RunningGateway(port, internal_port, shared.hub, shared.counts)


def _feed(shared: _Shared) -> Feed:
    return Feed(
        shared.hub,
        shared.event_log,
        tasks=shared.tasks,
        reads=shared.gate,
        counts=shared.counts,
        stall_s=shared.settings.gateway_stall_s,
    )


def _leases(shared: _Shared) -> Leases:
    return Leases(
        shared.hub,
        shared.event_log,
        node=shared.settings.gateway_node,
        lease_s=shared.settings.gateway_lease_s,
        renew_s=shared.settings.gateway_renew_s,
        gate=shared.gate,
    )


def _sweeper(shared: _Shared, feed: Feed) -> Sweeper:
    return Sweeper(
        shared.hub,
        shared.event_log,
        feed,
        tasks=shared.tasks,
        counts=shared.counts,
        every_s=shared.settings.gateway_sweep_s,
        session_grace_s=shared.settings.gateway_session_grace_s,
    )


def _wakeups(
    shared: _Shared,
    wakeup_redis: Redis,
    feed: Feed,
    leases: Leases,
    sweeper: Sweeper,
    revocations: Revocations,
) -> Wakeups:
    def control(text: str) -> None:
        revocations.hear(SessionsEnded.model_validate_json(text))

    async def subscribed() -> None:
        # Connections to a Redis that is gone would fail one call each.
        await shared.redis.connection_pool.disconnect(inuse_connections=False)
        # Redis may have come back empty: enter everyone again, and ask what was missed.
        await leases.renew_all()
        await sweeper.compare_tails()
        await revocations.look()
        shared.readiness.has_subscribed = True

    return Wakeups(
        wakeup_redis,
        feed,
        node=shared.settings.gateway_node,
        counts=shared.counts,
        on_control=control,
        on_subscribed=subscribed,
    )


def _tickets(shared: _Shared) -> TicketDesk:
    access = SocketAccess(
        shared.redis,
        node=shared.settings.gateway_node,
        lease_s=shared.settings.gateway_lease_s,
        session_grace_s=shared.settings.gateway_session_grace_s,
    )
    return TicketDesk(access, gate=shared.gate, page=PAGE)


@asynccontextmanager
async def _door(
    shared: _Shared, feed: Feed, leases: Leases, revocations: Revocations
) -> AsyncGenerator[int]:
    """Accept sockets on the port that is yielded; drain when the block is left."""
    settings, counts, gate = shared.settings, shared.counts, shared.gate
    tickets = _tickets(shared)
    handshake = Handshake(
        hub=shared.hub,
        leases=leases,
        tickets=tickets,
        readiness=shared.readiness,
        counts=counts,
        max_connections=settings.gateway_max_connections,
    )
    handler = SocketHandler(
        hub=shared.hub,
        feed=feed,
        leases=leases,
        actions=ClientActions(shared.event_log, tickets, gate=gate, counts=counts),
        readiness=shared.readiness,
        revocations=revocations,
        counts=counts,
        heartbeat_s=settings.gateway_heartbeat_s,
        max_per_user=settings.gateway_max_connections_per_user,
        close_timeout_s=settings.gateway_close_timeout_s,
    )
    server = await listen(settings, handshake, handler)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await drain(
            shared.hub,
            server,
            readiness=shared.readiness,
            tasks=shared.tasks,
            counts=counts,
            over_s=settings.gateway_drain_s,
            close_timeout_s=settings.gateway_close_timeout_s,
        )
