"""Builds the gateway's doors, and what both of them lead into."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prosa.socket_access.admission import SocketAccess
from ws_gateway.address_limits import AddressLimits
from ws_gateway.client_actions import ClientActions
from ws_gateway.drain import drain
from ws_gateway.event_stream_http import EventStreams, event_stream_http
from ws_gateway.feed import PAGE, Feed
from ws_gateway.handshake import Handshake
from ws_gateway.leases import Leases
from ws_gateway.listener import events_socket, listen
from ws_gateway.parts import Shared
from ws_gateway.peers import Peers
from ws_gateway.receipts import Receipts
from ws_gateway.reception import Reception
from ws_gateway.residence import Residence
from ws_gateway.revocations import Revocations
from ws_gateway.settings import GatewaySettings
from ws_gateway.socket_handler import SocketHandler
from ws_gateway.ticket_desk import TicketDesk


@dataclass(frozen=True, slots=True)
class House:
    """What both doors lead into."""

    reception: Reception
    residence: Residence
    peers: Peers
    tickets: TicketDesk
    receipts: Receipts


def house(
    shared: Shared, feed: Feed, leases: Leases, revocations: Revocations, receipts: Receipts
) -> House:
    settings = shared.settings
    addresses = AddressLimits(most=settings.gateway_max_connections_per_address)
    tickets = _tickets(shared)
    reception = Reception(
        hub=shared.hub,
        leases=leases,
        tickets=tickets,
        addresses=addresses,
        readiness=shared.readiness,
        counts=shared.counts,
        max_connections=settings.gateway_max_connections,
    )
    residence = Residence(
        hub=shared.hub,
        feed=feed,
        leases=leases,
        addresses=addresses,
        readiness=shared.readiness,
        revocations=revocations,
        counts=shared.counts,
        heartbeat_s=settings.gateway_heartbeat_s,
        max_per_user=settings.gateway_max_connections_per_user,
    )
    peers = Peers(hops=settings.gateway_forwarded_hops)
    return House(reception, residence, peers, tickets, receipts)


@asynccontextmanager
async def doors(shared: Shared, inside: House) -> AsyncGenerator[tuple[int, int]]:
    """Accept sockets and event streams on the ports that are yielded; drain at the block's end."""
    settings = shared.settings
    actions = ClientActions(
        shared.event_log,
        inside.tickets,
        inside.receipts,
        gate=shared.gate,
        counts=shared.counts,
        refuses_binary=settings.is_strict,
    )
    handler = SocketHandler(
        inside.residence, actions, close_timeout_s=settings.gateway_close_timeout_s
    )
    handshake = Handshake(inside.reception, inside.peers, shared.counts)
    async with event_stream_http(
        _streams(settings, inside),
        events_socket(settings),
        open_timeout_s=settings.gateway_open_timeout_s,
        most_waiting=settings.gateway_max_handshakes,
    ) as events_port:
        server = await listen(settings, handshake, handler)
        try:
            yield server.sockets[0].getsockname()[1], events_port
        finally:
            await drain(
                shared.hub,
                server,
                readiness=shared.readiness,
                tasks=shared.tasks,
                counts=shared.counts,
                over_s=settings.gateway_drain_s,
                close_timeout_s=settings.gateway_close_timeout_s,
            )


def _tickets(shared: Shared) -> TicketDesk:
    access = SocketAccess(
        shared.redis,
        node=shared.settings.gateway_node,
        lease_s=shared.settings.gateway_lease_s,
        session_grace_s=shared.settings.gateway_session_grace_s,
    )
    return TicketDesk(access, gate=shared.gate, page=PAGE)


def _streams(settings: GatewaySettings, inside: House) -> EventStreams:
    return EventStreams(
        inside.reception,
        inside.residence,
        inside.peers,
        allowed_origins=settings.allowed_origins,
        may_lack_origin=settings.gateway_allow_missing_origin,
        heartbeat_s=settings.gateway_heartbeat_s,
        write_buffer=settings.gateway_write_buffer,
        close_timeout_s=settings.gateway_close_timeout_s,
    )
