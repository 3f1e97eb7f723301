"""Builds the gateway from its parts; this file and `doors.py` alone know all of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.credentials import CredentialProvider

from prosa.event_log.log import EventLog
from prosa.multiplexed_redis import MultiplexedRedis
from prosa.redis_client import connection_pool
from prosa.redis_iam import iam_sign_in
from ws_gateway.doors import doors, house
from ws_gateway.feed import Feed
from ws_gateway.hearing import Hearing
from ws_gateway.hub import Hub
from ws_gateway.internal_http import internal_http
from ws_gateway.leases import Leases
from ws_gateway.limits import Limits
from ws_gateway.managed_calls import ManagedCalls
from ws_gateway.management import ManagementApi
from ws_gateway.metrics import Counts, GatewayCollector
from ws_gateway.node_calls import NodeCalls
from ws_gateway.parts import Shared
from ws_gateway.receipts import Receipts
from ws_gateway.revocations import Revocations
from ws_gateway.settings import GatewaySettings
from ws_gateway.signatures import SignatureCheck
from ws_gateway.sweeper import Sweeper
from ws_gateway.tasks import BackgroundTasks, keep_running
from ws_gateway.wakeups import Wakeups

Look = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway that serves: its ports, who is connected, and what it counted."""

    port: int
    events_port: int
    internal_port: int
    hub: Hub
    counts: Counts


@asynccontextmanager
async def gateway(settings: GatewaySettings) -> AsyncGenerator[RunningGateway]:
    """Serve until the block is left, then drain. Sockets are taken once Redis was heard."""
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(_redis(settings))
        shared = Shared(settings, redis, EventLog(redis, cluster=settings.redis_cluster))
        feed, leases = _feed(shared), _leases(shared)
        sweeper = _sweeper(shared, feed)
        revocations = Revocations(shared.hub, redis, tasks=shared.tasks, counts=shared.counts)
        calls = ManagedCalls(shared.hub, shared.tasks)
        nodes = _nodes(shared, calls)
        hearing = Hearing(
            feed, revocations, nodes, node=settings.gateway_node, counts=shared.counts
        )
        looks = (sweeper.compare_tails, revocations.look)
        wakeups = _wakeups(shared, hearing, leases, looks)
        internal_port = await stack.enter_async_context(
            internal_http(
                host=settings.gateway_internal_host,
                port=settings.gateway_internal_port,
                management=ManagementApi(calls, nodes, signatures=_signatures(settings)),
                readiness=shared.readiness,
                collector=GatewayCollector(shared.counts, shared.hub),
            )
        )
        stack.push_async_callback(shared.tasks.cancel)
        receipts = Receipts(shared.event_log, counts=shared.counts)
        inside = house(shared, feed, leases, revocations, receipts)
        port, events_port = await stack.enter_async_context(doors(shared, inside))
        loops = BackgroundTasks()
        # Ended first: a renewal during the drain would put back what the drain takes off the map.
        stack.push_async_callback(loops.cancel)
        loops.start(keep_running(wakeups.run), name="wakeups")
        loops.start(keep_running(leases.run), name="leases")
        loops.start(keep_running(sweeper.run), name="sweeper")
        loops.start(keep_running(revocations.run), name="revocations")
        loops.start(keep_running(receipts.run), name="receipts")
        loops.start(keep_running(_limits(shared).run), name="limits")
        yield RunningGateway(port, events_port, internal_port, shared.hub, shared.counts)


def _redis(settings: GatewaySettings) -> Redis:
    return MultiplexedRedis(connection_pool(settings.redis_url, sign_in=_sign_in(settings)))


def _sign_in(settings: GatewaySettings) -> CredentialProvider | None:
    return iam_sign_in(settings.redis_iam_user, settings.redis_cache_name)


def _feed(shared: Shared) -> Feed:
    return Feed(
        shared.hub,
        shared.event_log,
        tasks=shared.tasks,
        reads=shared.gate,
        counts=shared.counts,
        stall_s=shared.settings.gateway_stall_s,
    )


def _leases(shared: Shared) -> Leases:
    return Leases(
        shared.hub,
        shared.event_log,
        node=shared.settings.gateway_node,
        lease_s=shared.settings.gateway_lease_s,
        renew_s=shared.settings.gateway_renew_s,
        gate=shared.gate,
    )


def _sweeper(shared: Shared, feed: Feed) -> Sweeper:
    return Sweeper(
        shared.hub,
        shared.event_log,
        feed,
        tasks=shared.tasks,
        counts=shared.counts,
        every_s=shared.settings.gateway_sweep_s,
        session_grace_s=shared.settings.gateway_session_grace_s,
    )


def _wakeups(shared: Shared, hearing: Hearing, leases: Leases, catch_up: Sequence[Look]) -> Wakeups:
    async def subscribed() -> None:
        # Connections to a Redis that is gone would fail one call each.
        await shared.redis.connection_pool.disconnect(inuse_connections=False)
        # Redis may have come back empty: enter everyone again, and ask what was missed.
        await leases.renew_all()
        for look in catch_up:
            await look()
        shared.readiness.has_subscribed = True

    settings = shared.settings
    pool = connection_pool(settings.redis_url, sign_in=_sign_in(settings), decode=False)
    return Wakeups(pool, hearing, counts=shared.counts, on_subscribed=subscribed)


def _nodes(shared: Shared, calls: ManagedCalls) -> NodeCalls:
    return NodeCalls(
        shared.redis,
        calls,
        node=shared.settings.gateway_node,
        tasks=shared.tasks,
        counts_nodes=not shared.settings.redis_cluster,
    )


def _limits(shared: Shared) -> Limits:
    return Limits(
        shared.hub,
        tasks=shared.tasks,
        counts=shared.counts,
        idle_s=shared.settings.idle_s,
        life_s=shared.settings.life_s,
        close_code=shared.settings.gateway_limit_close_code,
    )


def _signatures(settings: GatewaySettings) -> SignatureCheck | None:
    if settings.gateway_management_auth == "off":
        return None
    keys = settings.gateway_management_keys
    return SignatureCheck({key_id: secret.get_secret_value() for key_id, secret in keys.items()})
