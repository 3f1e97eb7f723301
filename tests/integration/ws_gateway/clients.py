"""What the gateway's tests share: a gateway with short times, tickets, clients, and a log to write.

A `Client` reads frames as the page does; its `events` are those of the log, with their numbers.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from prosa.clock import utc_now
from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.cursor import Cursor
from prosa.event_log.protocol import Append, append_call, appended, script
from prosa.events import ReplyDelta, encode
from prosa.ids import JobId, UserId, job_id_for, new_user_id
from prosa.redis_client import connect_blocking
from prosa.socket_access.tickets import TicketHolder, issue_ticket
from ws_gateway.bootstrap import RunningGateway, gateway
from ws_gateway.settings import GatewaySettings

DEADLINE_S = 15.0
"""A test that waits longer than this has failed."""

KIB = "x" * 1024


def short_settings(redis_url: str, **overrides: Any) -> GatewaySettings:
    """Settings of a gateway whose waits fit a test, on free ports."""
    values: dict[str, Any] = {
        "redis_url": redis_url,
        "gateway_port": 0,
        "gateway_events_port": 0,
        "gateway_internal_port": 0,
        "gateway_sweep_s": 0.2,
        "gateway_drain_s": 0.0,
        "gateway_close_timeout_s": 1.0,
        "allowed_origins": ("https://prosa.example",),
    }
    return GatewaySettings(**(values | overrides))


@asynccontextmanager
async def ready_gateway(settings: GatewaySettings) -> AsyncGenerator[RunningGateway]:
    """Run a gateway in this process; the block starts when it takes sockets."""
    async with gateway(settings) as running:
        await until(lambda: running.counts.subscriptions > 0)
        yield running


async def until(condition: Callable[[], bool], *, within_s: float = DEADLINE_S) -> None:
    """Wait until `condition` holds. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  # what is awaited is in another process
            await asyncio.sleep(0.01)


@dataclass
class Writer:
    """Appends to logs and issues tickets, as the Lambdas and the worker do."""

    redis: Any  # a blocking Redis; its own types are half unknown
    log: BlockingEventLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = BlockingEventLog(self.redis)

    @classmethod
    def of(cls, redis_url: str) -> Self:
        return cls(connect_blocking(redis_url))

    def ticket(self, user_id: UserId, *, session_s: float = 900, session_id: str = "ses_1") -> str:
        ends = utc_now() + timedelta(seconds=session_s)
        return issue_ticket(self.redis, TicketHolder(user_id, session_id, ends))

    def append(self, user_id: UserId, numbers: Sequence[int], *, text: str = "x") -> list[Cursor]:
        """Append a numbered event each, with pokes. Returns their cursors."""
        results = self.log.append(user_id, [numbered(n, text=text) for n in numbers])
        return [r.cursor for r in results if r.cursor]

    def append_silently(self, user_id: UserId, numbers: Sequence[int]) -> list[Cursor]:
        """Append without poking anyone: what a lost pub/sub message looks like."""
        call = append_call([Append(user_id, numbered(n)) for n in numbers])
        call.keys[2::4] = ["connected-nowhere"] * len(numbers)
        reply: Any = self.redis.register_script(script("append"))(keys=call.keys, args=call.args)
        return [r.cursor for r in appended(reply) if r.cursor]


def numbered(number: int, *, text: str = "x") -> str:
    """An event of the log that carries `number` as its index."""
    job_id = JobId("job_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    return encode(ReplyDelta(job_id=job_id, attempt=1, index=number, text=text))


class Client:
    """One socket, as a page holds it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.connected: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []

    @property
    def numbers(self) -> list[int]:
        """The numbers of the events seen so far, in the order they came."""
        return [f["index"] for f in self.frames if f["type"] == "reply.delta"]

    @property
    def cursor(self) -> str:
        """Where a page would resume from."""
        seen = [f["cursor"] for f in self.frames if "cursor" in f]
        return seen[-1] if seen else self.connected["cursor"]

    async def read(self) -> dict[str, Any]:
        """The next frame."""
        async with asyncio.timeout(DEADLINE_S):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def read_type(self, kind: str) -> dict[str, Any]:
        """The next frame of a type; those before it are kept in `frames`."""
        while (frame := await self.read())["type"] != kind:
            pass
        return frame

    async def read_events(self, count: int) -> list[int]:
        """Read until `count` events were seen in all; gives their numbers."""
        while len(self.numbers) < count:
            await self.read()
        return self.numbers

    async def says_nothing_before_pong(self) -> bool:
        """Whether no frame stands between now and the answer to a ping."""
        await self.send({"action": "ping"})
        return (await self.read())["type"] == "pong"

    async def send(self, frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def closed(self) -> int | None:
        """Wait for the close, keeping what comes before it. Returns its code."""
        async with asyncio.timeout(DEADLINE_S):
            async for text in _until_closed(self.socket):
                self.frames.append(json.loads(text))
        return self.socket.close_code


async def _until_closed(socket: ClientConnection) -> AsyncGenerator[str | bytes]:
    while True:
        try:
            yield await socket.recv()
        except ConnectionClosed:
            return


def address(port: int, ticket: str | None, after: str | None = None) -> str:
    query = {"ticket": ticket, "after": after}
    return f"ws://127.0.0.1:{port}/ws?" + urlencode({k: v for k, v in query.items() if v})


@asynccontextmanager
async def connected(
    port: int,
    ticket: str | None,
    after: str | None = None,
    *,
    origin: str | None = None,
    is_tiny: bool = False,
) -> AsyncGenerator[Client]:
    """Open a socket and read its `connected`. Raises InvalidStatus when it is refused.

    `is_tiny` gives it next to no room for what it has not read, so that the gateway soon feels it
    when it does not read.
    """
    tcp = socket.socket()
    if is_tiny:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    tcp.setblocking(False)  # noqa: FBT003
    try:
        await asyncio.get_running_loop().sock_connect(tcp, ("127.0.0.1", port))
    except OSError:
        tcp.close()
        raise
    async with connect(
        address(port, ticket, after),
        sock=tcp,
        origin=None if origin is None else Origin(origin),
        compression=None,
        ping_interval=None,
        close_timeout=1,
        max_queue=1 if is_tiny else None,
    ) as opened:
        client = Client(opened)
        client.connected = await client.read()
        client.frames.clear()
        yield client


def a_user() -> UserId:
    return new_user_id()


def a_job(user_id: UserId) -> JobId:
    return job_id_for(user_id, f"key-{time.monotonic_ns()}")
