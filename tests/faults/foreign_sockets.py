"""Yours only, at the gateway: what a stranger may send over a socket, and where it may resume.

A line for every action that `client_frames.py` reads; an action without one is a violation.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, get_args

import aiohttp
from websockets.exceptions import InvalidStatus

from local.ports import LOOPBACK
from prosa.event_log.keys import connections_key, head_key
from prosa.ids import UserId
from tests.faults.strangers import Owned
from tests.integration.ws_gateway.clients import DEADLINE_S, Client, Writer, connected, until
from tests.integration.ws_gateway.streams import StreamClient, opened
from ws_gateway.client_frames import ClientFrame


@dataclass(frozen=True, kw_only=True)
class Doors:
    """The ports of a gateway."""

    sockets: int
    events: int
    internal: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a stranger sends over a socket of its own, and the one thing it gets: the type of a
    frame, or a close code. "" is no answer at all."""

    frame: Callable[[Owned, Tickets], Mapping[str, object]]
    answer: str | int


@dataclass(frozen=True, kw_only=True)
class Tickets:
    """A good one of the owner's, and one with the owner's name before the stranger's secret."""

    owners: str
    mixed: str


SOCKET_MATRIX: Mapping[str, Sequence[Trial]] = {
    "ping": [Trial(frame=lambda _, __: {"action": "ping"}, answer="")],
    "cancel": [Trial(frame=lambda its, _: {"action": "cancel", "job_id": its.job_id}, answer="")],
    "ack": [Trial(frame=lambda its, _: {"action": "ack", "cursor": its.log_cursor}, answer="")],
    "authenticate": [
        Trial(frame=lambda _, t: {"action": "authenticate", "ticket": t.mixed}, answer="error"),
        Trial(frame=lambda _, t: {"action": "authenticate", "ticket": t.owners}, answer=4503),
    ],
}


def forgotten_actions() -> list[str]:
    """Actions that the gateway reads and the matrix has not, and the other way around."""
    actions = {
        get_args(each.model_fields["action"].annotation)[0] for each in get_args(ClientFrame)
    }
    return sorted(actions ^ set(SOCKET_MATRIX))


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a trial came to: what it should have, and all that the stranger was sent."""

    name: str
    wanted: str | int
    answer: str | int
    text: str


class ForeignSockets:
    """One stranger at one gateway."""

    def __init__(self, doors: Doors, writer: Writer, stranger: UserId) -> None:
        self._doors = doors
        self._writer = writer
        self._stranger = stranger

    async def all(self, its: Owned) -> list[Heard]:
        """Every trial of the matrix, and every way to resume or to come in as the owner."""
        found = [
            await self._try(action, trial, its)
            for action, trials in SOCKET_MATRIX.items()
            for trial in trials
        ]
        await self._own_receipt()
        return [*found, *await self._resumed(its), *await self._refused(its)]

    async def _try(self, action: str, trial: Trial, its: Owned) -> Heard:
        frame = trial.frame(its, self._tickets(its))
        async with self._socket() as client:
            await client.send(frame)
            if isinstance(trial.answer, int):
                answer = await _closed(client)
            else:
                answer = await _before_pong(client)
            return _heard(action, trial.answer, answer, client.frames)

    async def _own_receipt(self) -> None:
        """Acknowledge what is the stranger's own, and wait until it is written.

        The gateway writes receipts together: by then one for the owner would be there, too.
        """
        async with self._socket() as client:
            cursor: str = client.connected["cursor"]
            await client.send({"action": "ack", "cursor": cursor})
            seq = cursor.partition(":")[2]
            key = head_key(self._stranger)
            await until(lambda: self._writer.redis.hget(key, "seen") == seq)

    async def _resumed(self, its: Owned) -> list[Heard]:
        """From a place in the owner's log: it is no place in the stranger's."""
        after, ticket = its.log_cursor, self._writer.ticket
        async with self._socket(after) as client:
            socket = _heard("resume", "resync", await _before_pong(client), client.frames)
        async with opened(self._doors.events, ticket(self._stranger), after) as response:
            by_query = await _first_type(response, "after")
        headers = {"Last-Event-ID": after}
        async with opened(self._doors.events, ticket(self._stranger), headers=headers) as response:
            by_header = await _first_type(response, "last_event_id")
        return [socket, by_query, by_header]

    async def _refused(self, its: Owned) -> list[Heard]:
        """The owner's name with the stranger's secret, at both doors; and the internal port."""
        mixed = self._tickets(its).mixed
        try:
            async with connected(self._doors.sockets, mixed):
                status = 101
        except InvalidStatus as exc:
            status = exc.response.status_code
        async with opened(self._doors.events, mixed) as response:
            events = _heard("events_as_owner", 401, response.status, [])
        return [_heard("socket_as_owner", 401, status, []), events, *await self._managed(its)]

    async def _managed(self, its: Owned) -> list[Heard]:
        """The management API, for the owner's connections and without a signature."""
        key = connections_key(UserId(its.user_id))
        connections: list[str] = self._writer.redis.hkeys(key)
        found: list[Heard] = []
        async with aiohttp.ClientSession() as session:
            for connection_id in connections:
                url = f"http://{LOOPBACK}:{self._doors.internal}/@connections/{connection_id}"
                for method in ("GET", "POST", "DELETE"):
                    async with session.request(method, url, data=b"hello") as response:
                        text = [await response.text()]
                        found.append(_heard(f"managed_{method}", 403, response.status, text))
        return found

    def _tickets(self, its: Owned) -> Tickets:
        secret = self._writer.ticket(self._stranger).partition(".")[2]
        owners = self._writer.ticket(UserId(its.user_id))
        return Tickets(owners=owners, mixed=f"{its.user_id}.{secret}")

    @asynccontextmanager
    async def _socket(self, after: str | None = None) -> AsyncGenerator[Client]:
        ticket = self._writer.ticket(self._stranger)
        async with connected(self._doors.sockets, ticket, after) as client:
            yield client


async def _closed(client: Client) -> int:
    """The code it is closed with; 0 for none, or for a socket that stays."""
    with suppress(TimeoutError):
        return await client.closed() or 0
    return 0


async def _before_pong(client: Client) -> str:
    """The type of what comes before the answer to a ping, "" for nothing: the log is quiet here."""
    await client.send({"action": "ping"})
    await client.read_type("pong")
    first: str = client.frames[0]["type"]
    return "" if first == "pong" else first


async def _first_type(response: aiohttp.ClientResponse, name: str) -> Heard:
    """What a stream says behind its `connected`."""
    client = StreamClient(response)
    async with asyncio.timeout(DEADLINE_S):
        await client.read_type("connected")
        frame = await client.read()
    return _heard(f"stream_{name}", "resync", frame["type"] if frame else "", client.frames[1:])


def _heard(name: str, wanted: str | int, answer: str | int, frames: Sequence[Any]) -> Heard:
    return Heard(name=name, wanted=wanted, answer=answer, text=str(list(frames)))
