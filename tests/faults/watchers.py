"""Pages that only look: each follows its user's log, and comes back as `web/` does.

A `Client` talks, and resumes fast so that its scenario goes on. Of these there may be thousands,
and when they come back is what is looked at: so the waits are those of `web/src/api/backoff.ts`
and `web/src/socket/logSocket.ts`. They hear numbered events (`numbered.py`).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from prosa.ids import UserId
from tests.faults.functions import FunctionGone
from tests.faults.history import History
from tests.integration.ws_gateway.clients import address

BASE_S, LONGEST_S = 0.5, 30.0
"""A page's first wait is up to the one, and none is over the other."""

STABLE_S = 1.0
"""A connection that lived this long ended for a new reason. A page takes 30 s, for nodes that leave
every few weeks; here they leave every few seconds."""

OPEN_S = 10.0


class NoTicket(Exception):
    """The API gave none."""


class Watcher:
    """One page of one user."""

    def __init__(
        self,
        name: str,
        user_id: UserId,
        *,
        ticket: Callable[[UserId], Awaitable[str]],
        gateways: Callable[[], Sequence[int]],
        history: History,
        chance: random.Random,
    ) -> None:
        """`ticket` raises NoTicket or FunctionGone; `chance` decides on jitter and node only."""
        self.name = name
        self.user_id = user_id
        self.numbers: list[int] = []
        self.heard_at: list[float] = []
        """When each of `numbers` came, monotonic seconds."""
        self.port: int | None = None
        """Of the gateway that holds its socket; None while it is away."""
        self.tried_at = 0.0
        self.back_at = 0.0
        """When it last began to open a socket, and when one was last open, monotonic seconds."""
        self.moments: list[float] = []
        """The seconds in which it was asked to come back, by each `draining`."""
        self.failures: Counter[str] = Counter()
        """Tries in vain, by what was raised."""
        self._ticket = ticket
        self._gateways = gateways
        self._history = history
        self._chance = chance
        self._cursor: str | None = None
        self._waits = 0
        self._planned_at: float | None = None
        self._following: asyncio.Task[None] | None = None
        history.write(name, "came", user_id=user_id, canary=f"canary-{chance.getrandbits(64):016x}")

    def start(self) -> None:
        """Open a socket, and keep one open until `drop`."""
        self._following = asyncio.create_task(self._follow(), name=self.name)

    async def drop(self) -> None:
        """Close the page."""
        if self._following is not None:
            self._history.write(self.name, "left")
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    async def _follow(self) -> None:
        while True:
            try:
                await self._one_connection()
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else None
                self._history.write(self.name, "closed", code=code)
            except (OSError, InvalidHandshake, TimeoutError, NoTicket, FunctionGone) as exc:
                self.failures[repr(exc)] += 1
            is_new = self.port is not None and time.monotonic() - self.back_at >= STABLE_S
            self._waits = 0 if is_new else self._waits
            self.port = None
            await asyncio.sleep(self._wait_s())

    async def _one_connection(self) -> None:
        """Follow one socket to its end; returns when its node is to be left."""
        self.tried_at = time.monotonic()
        ticket, ports, after = await self._ticket(self.user_id), self._gateways(), self._cursor
        if not ports:
            raise OSError("no gateway")
        port = self._chance.choice(ports)
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
        options["proxy"] = None  # to look for one in the environment costs as much as the rest
        async with connect(
            address(port, ticket, after), close_timeout=1, open_timeout=OPEN_S, **options
        ) as socket:
            with suppress(TimeoutError):  # the moment it was given
                async with asyncio.timeout(None) as leaving:
                    await self._take_all(socket, port, after, leaving)

    async def _take_all(
        self, socket: ClientConnection, port: int, after: str | None, leaving: asyncio.Timeout
    ) -> None:
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            match frame["type"]:
                case "connected":
                    self._history.write(self.name, "connected", cursor=frame["cursor"], after=after)
                    self._cursor = self._cursor or frame["cursor"]
                    self.port, self.back_at = port, time.monotonic()
                case "draining":
                    self.moments.append(frame["reconnect_in_s"])
                    self._planned_at = time.monotonic() + frame["reconnect_in_s"]
                    leaving.reschedule(asyncio.get_running_loop().time() + frame["reconnect_in_s"])
                case "reply.delta":
                    self._take(frame)
                case other:
                    self._history.write(self.name, "note", frame=other)

    def _take(self, frame: dict[str, Any]) -> None:
        # Without the text, which is always the same: histories are kept in memory.
        self._history.write(self.name, "event", frame=frame | {"text": ""})
        self._cursor = frame["cursor"]
        self.numbers.append(frame["index"])
        self.heard_at.append(time.monotonic())

    def _wait_s(self) -> float:
        """Until its next try: the moment it was given, or full jitter."""
        planned_at, self._planned_at = self._planned_at, None
        if planned_at is not None:
            return max(0.0, planned_at - time.monotonic())
        longest = min(LONGEST_S, BASE_S * 2 ** min(self._waits, 10))
        self._waits += 1
        return self._chance.uniform(0, longest)
