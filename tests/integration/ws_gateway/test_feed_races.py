"""The moments between a read of the log and what is poked meanwhile, held open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis
from websockets.asyncio.client import connect as connect_socket
from websockets.asyncio.server import ServerConnection, serve

from prosa.clock import utc_now
from prosa.event_log.cursor import Cursor
from prosa.event_log.log import EventLog
from prosa.event_log.pokes import Poke
from prosa.event_log.protocol import HistoryLost, Range
from prosa.events import Pong
from prosa.ids import UserId, new_connection_id
from prosa.redis_client import connect
from prosa.socket_access.tickets import TicketHolder
from tests.integration.ws_gateway.clients import Client, Writer, a_user, numbered, until
from ws_gateway.arrival import Arrival
from ws_gateway.connection import Admission, Connection, Peer
from ws_gateway.feed import Feed
from ws_gateway.gateway_socket import Doorway, GatewaySocket
from ws_gateway.hub import Hub
from ws_gateway.metrics import Counts
from ws_gateway.outgoing import Outgoing
from ws_gateway.tasks import BackgroundTasks
from ws_gateway.websocket_connection import WebSocketConnection


class PausedLog(EventLog):
    """A log whose answers come, once asked for, when the test lets them."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.reads = 0
        self.answers = asyncio.Semaphore(0)
        self.is_read = asyncio.Semaphore(0)

    async def read(
        self, user_id: UserId, after: Cursor, *, limit: int = 500
    ) -> Range | HistoryLost:
        found = await super().read(user_id, after, limit=limit)
        self.reads += 1
        self.is_read.release()
        await self.answers.acquire()
        return found


def a_poke(user: UserId, cursor: Cursor, number: int) -> Poke:
    return Poke(user, cursor, numbered(number).encode())


@dataclass
class Bench:
    """A feed, one connection of it over a real socket, and the log it reads."""

    hub: Hub
    feed: Feed
    connection: Connection
    client: Client
    log: PausedLog


@asynccontextmanager
async def bench(redis_url: str, user: UserId, at: Cursor) -> AsyncGenerator[Bench]:
    hub, tasks = Hub(), BackgroundTasks()
    admitted: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def handler(socket: ServerConnection) -> None:
        holder = TicketHolder(user, "ses_1", utc_now())
        nothing = Range((), at)
        peer = Peer("127.0.0.1", "", None)
        admission = Admission(new_connection_id(), holder, at, nothing, Arrival(user), peer)
        ours = cast(GatewaySocket, socket)
        admitted.set_result(WebSocketConnection(ours, admission, close_timeout_s=1))
        await socket.wait_closed()

    gateway_socket = GatewaySocket.behind(Doorway(most=1))
    async with (
        connect(redis_url) as redis,
        serve(handler, "127.0.0.1", 0, create_connection=gateway_socket) as server,
        connect_socket(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as socket,
    ):
        log = PausedLog(redis)
        feed = Feed(hub, log, tasks=tasks, reads=asyncio.Semaphore(1), counts=Counts(), stall_s=1)
        connection = await admitted
        hub.add(connection)
        yield Bench(hub, feed, connection, Client(socket), log)
        await tasks.cancel()


async def test_an_event_poked_while_an_older_read_is_under_way_is_read_again(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    (first,) = writer.append(user, [0])
    async with bench(redis_url, user, Cursor(first.epoch, 0)) as found:
        found.feed.catch_up(found.connection)
        await found.log.is_read.acquire()
        (second,) = writer.append_silently(user, [1])
        found.feed.deliver([a_poke(user, second, 1)])
        found.log.answers.release()
        found.log.answers.release()
        assert await found.client.read_events(2) == [0, 1]
        assert found.log.reads == 2


async def test_an_event_poked_while_a_read_that_holds_it_is_under_way_comes_once(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    (first, second) = writer.append(user, [0, 1])
    async with bench(redis_url, user, Cursor(first.epoch, 0)) as found:
        found.feed.catch_up(found.connection)
        await found.log.is_read.acquire()
        found.feed.deliver([a_poke(user, first, 0), a_poke(user, second, 1)])
        found.log.answers.release()
        assert await found.client.read_events(2) == [0, 1]
        (third,) = writer.append_silently(user, [2])
        found.feed.deliver([a_poke(user, third, 2)])
        assert await found.client.read_events(3) == [0, 1, 2]
        assert found.log.reads == 1


async def test_an_event_poked_while_its_socket_is_in_the_handshake_is_read_at_once(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    (first,) = writer.append(user, [0])
    async with bench(redis_url, user, first) as found:
        found.hub.remove(found.connection)  # it comes in when its handshake is over
        arrival = found.hub.expect(user)
        (second,) = writer.append_silently(user, [1])
        found.feed.deliver([a_poke(user, second, 1)])
        found.log.answers.release()
        found.feed.begin(
            found.connection, Outgoing.of(Pong()), Range((), first), poked=arrival.poked
        )
        assert await found.client.read_events(1) == [1]


async def test_of_pokes_that_come_together_only_those_are_sent_that_were_not(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    cursors = writer.append(user, range(5))
    async with bench(redis_url, user, Cursor(cursors[0].epoch, 0)) as found:
        found.feed.deliver([a_poke(user, c, c.seq - 1) for c in cursors[:3]])
        found.feed.deliver([a_poke(user, c, c.seq - 1) for c in cursors[1:]])
        assert await found.client.read_events(5) == list(range(5))
        assert found.log.reads == 0


async def test_pokes_that_come_together_and_leave_one_out_are_not_believed(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    cursors = writer.append(user, range(4))
    async with bench(redis_url, user, Cursor(cursors[0].epoch, 0)) as found:
        found.feed.deliver([a_poke(user, c, c.seq - 1) for c in cursors if c.seq != 3])
        found.log.answers.release()
        assert await found.client.read_events(4) == list(range(4))
        assert found.log.reads == 1


async def test_a_burst_of_gaps_starts_one_read(redis_url: str, writer: Writer) -> None:
    user = a_user()
    cursors = writer.append(user, range(50))
    async with bench(redis_url, user, Cursor(cursors[0].epoch, 0)) as found:
        found.feed.deliver([a_poke(user, c, c.seq - 1) for c in cursors[10:]])
        found.log.answers.release()
        assert await found.client.read_events(50) == list(range(50))
        assert found.log.reads == 1


async def test_a_poke_of_an_earlier_life_of_the_log_does_not_read_for_ever(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    (first,) = writer.append(user, [0])
    async with bench(redis_url, user, Cursor(first.epoch, 0)) as found:
        found.feed.catch_up(found.connection)
        await found.log.is_read.acquire()
        found.feed.deliver([a_poke(user, Cursor("00000000abcd", 99), 99)])
        for _ in range(10):
            found.log.answers.release()
        assert await found.client.read_events(1) == [0]
        await found.log.is_read.acquire()
        await until(lambda: not found.connection.is_catching_up)
        assert found.log.reads == 2


async def test_a_poke_of_an_event_already_sent_costs_no_read(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    cursors = writer.append(user, range(3))
    async with bench(redis_url, user, cursors[-1]) as found:
        found.feed.deliver([a_poke(user, c, c.seq - 1) for c in cursors])
        (fourth,) = writer.append_silently(user, [3])
        found.feed.deliver([a_poke(user, fourth, 3)])
        assert await found.client.read_events(1) == [3]
        assert found.log.reads == 0
