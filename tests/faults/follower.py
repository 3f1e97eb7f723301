"""A user's socket: every event once and in order, over drops, restarts and lost logs.

What a page does with its cursor is done here: an ordinary drop resumes from it, a lost log makes it
void, and then REST is read and the log gone on with from the cursor that the page gives.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.functions import FunctionGone
from tests.faults.invariants.evidence import FINALS
from tests.integration.lambdas.gateway import Answer
from tests.integration.ws_gateway.clients import address

LONGEST_BACKOFF_S = 1.0


class LogAway(Exception):
    """REST cannot be read now, or gives no ticket."""


class Follower:
    """Follows one user's log. `conversations` are read when the log was lost."""

    def __init__(
        self,
        *,
        call: Callable[[str, str], Awaitable[Answer]],
        gateways: Callable[[], Sequence[int]],
        write: Callable[..., None],
        chance: random.Random,
    ) -> None:
        """`call(method, path)` asks the API, `write(what, **fields)` writes to the history."""
        self.conversations: list[str] = []
        self.is_connected = asyncio.Event()
        self._call = call
        self._gateways = gateways
        self._write = write
        self._chance = chance
        self._ended: dict[str, asyncio.Event] = {}
        self._cursor: str | None = None
        self._begins = 0
        self._socket: ClientConnection | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def stretch(self) -> int | None:
        """Names the part of the log that is heard without a gap; None is no place in it yet."""
        return None if self._cursor is None else self._begins

    @property
    def knows_all(self) -> bool:
        """Whether the user was told the end of every reply, or left and does not wait."""
        return self._following is None or all(end.is_set() for end in self._ended.values())

    def end_of(self, job_id: str) -> asyncio.Event:
        """Set when the user was told the job's end. Asked for, it is waited for."""
        return self._ended.setdefault(job_id, asyncio.Event())

    async def connect(self) -> None:
        """Open a socket, and keep one open until `drop`."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow())
        waiting = asyncio.create_task(self.is_connected.wait())
        await asyncio.wait({waiting, self._following}, return_when=asyncio.FIRST_COMPLETED)
        if self._following.done():  # it follows for ever, unless it failed
            waiting.cancel()
            self._following.result()

    async def drop(self) -> None:
        """Lose the connection without a word, and stay away until `connect`."""
        following, self._following = self._following, None
        if following is None:
            return
        self._write("left")
        self.cut()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        self.is_connected.clear()

    def cut(self) -> None:
        """Lose the connection without a word, and come back."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def send(self, frame: object) -> None:
        """Send a frame. Raises ConnectionClosed, or RuntimeError for no socket."""
        if self._socket is None:
            raise RuntimeError("not connected")
        await self._socket.send(json.dumps(frame))

    async def make_up_for(self, conversation_id: str) -> None:
        """Read a conversation whose reply may have been told before the log was heard."""
        for failures in range(10):
            try:
                await self.read(conversation_id)
            except (LogAway, FunctionGone):
                await self._pause(failures)
            else:
                return

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                await self._one_connection()
                failures = 0
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                self._write("closed", code=code)
                failures = 0 if self.is_connected.is_set() else failures + 1
            except (OSError, InvalidHandshake, TimeoutError, LogAway, FunctionGone) as exc:
                self._write("note", socket=repr(exc))
                failures += 1
            self.is_connected.clear()
            await self._pause(failures)

    async def _one_connection(self) -> None:
        """Follow one socket to its end; returns when the log must be resumed from elsewhere."""
        ticket = await self._call("POST", "/ws-tickets")
        ports = self._gateways()
        if ticket.status != 201 or not ports:
            raise LogAway(f"no ticket: {ticket.status}")
        after = self._cursor
        url = address(self._chance.choice(ports), ticket.json["ticket"], after)
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
        async with connect(url, close_timeout=1, open_timeout=5, **options) as socket:
            self._socket = socket
            try:
                await self._take_all(socket, after)
            finally:
                self._socket = None

    async def _take_all(self, socket: ClientConnection, after: str | None) -> None:
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            match frame["type"]:
                case "connected":
                    self._write("connected", cursor=frame["cursor"], after=after)
                    if after is None:
                        await self._read_all()
                        self._begin(frame["cursor"])
                    self.is_connected.set()
                case "resync":
                    self._write("resync", reason=frame["reason"])
                    self._begin(None)  # were REST away, the next socket would begin afresh
                    self._begin(earliest(await self._read_all()))
                    self._write("rewound", to=self._cursor)
                    return
                case _ if "cursor" in frame:
                    self._take(frame)
                case other:
                    self._write("note", frame=other)

    def _begin(self, cursor: str | None) -> None:
        self._cursor = cursor
        self._begins += 1

    def _take(self, frame: dict[str, Any]) -> None:
        self._write("event", frame=frame)
        self._cursor = frame["cursor"]
        if frame["type"] in FINALS:
            self.end_of(frame["job_id"]).set()

    async def _read_all(self) -> list[str | None]:
        """Read what was missed over REST. Gives where the log goes on, for each conversation.

        Raises LogAway and FunctionGone.
        """
        found = [await self.read(each) for each in list(self.conversations)]
        return [page["log_cursor"] for page in found if page is not None]

    async def read(self, conversation_id: str) -> dict[str, Any] | None:
        """Read a conversation over REST; None when it is gone. Raises LogAway, FunctionGone."""
        answer = await self._call("GET", f"/conversations/{conversation_id}/messages")
        if answer.status == 404:  # deleted
            return None
        if answer.status != 200:
            raise LogAway(f"no messages: {answer.status}")
        self._take_page(conversation_id, answer.json)
        return answer.json

    def _take_page(self, conversation_id: str, page: dict[str, Any]) -> None:
        self._write(
            "snapshot",
            conversation_id=conversation_id,
            messages=page["items"],
            running=[job["job_id"] for job in page["running"]],
            cursor=page["log_cursor"],
        )
        for message in page["items"]:
            if message["role"] == "assistant":
                self.end_of(message["job_id"]).set()

    async def _pause(self, failures: int) -> None:
        await asyncio.sleep(backoff_s(failures, self._chance))


def backoff_s(failures: int, chance: random.Random) -> float:
    """How long to wait after so many failures in a row."""
    longest = min(LONGEST_BACKOFF_S, 0.1 * 2**failures)
    return chance.uniform(longest / 2, longest)


def earliest(cursors: Sequence[str | None]) -> str | None:
    """Where to resume so that no conversation misses anything; None is afresh."""
    found = [cursor for cursor in cursors if cursor is not None]
    if len(found) != len(cursors) or len({cursor.partition(":")[0] for cursor in found}) != 1:
        return None
    return min(found, key=lambda cursor: int(cursor.partition(":")[2]))
