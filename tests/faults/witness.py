"""A good client beside the bad ones: it is sent an event every so often, and notes when each came.

Its log is written here, past worker and model: what it waits for is the gateway alone.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from websockets.exceptions import ConnectionClosed

from prosa.ids import UserId, new_user_id
from tests.faults.ground import Ground
from tests.integration.ws_gateway.clients import Client, Writer, connected

EVERY_S = 0.03
LAST_S = 5.0
"""How long the last event may take."""


class Witness:
    """What one client felt. `waits_s` are the seconds of each event on its way."""

    def __init__(self, ground: Ground, user_id: UserId, client: Client, writer: Writer) -> None:
        self.waits_s: list[float] = []
        self._ground = ground
        self._user_id = user_id
        self._client = client
        self._writer = writer
        self._sent_at: list[float] = []
        self._is_over = asyncio.Event()

    def p99_ms(self, begin: int = 0) -> float:
        """Of the events from number `begin` on, in milliseconds."""
        waits = sorted(self.waits_s[begin:])
        return 1000 * waits[int(len(waits) * 0.99)] if waits else 0.0

    async def send(self) -> None:
        """Write events until `end`."""
        while not self._is_over.is_set():
            number = len(self._sent_at)
            self._sent_at.append(time.monotonic())
            await asyncio.to_thread(self._writer.append, self._user_id, [number])
            try:
                await asyncio.wait_for(self._is_over.wait(), EVERY_S)
            except TimeoutError:
                continue

    async def read(self) -> None:
        """Take events until all that were written have come."""
        try:
            while not (self._is_over.is_set() and len(self.waits_s) >= len(self._sent_at)):
                self._take(await self._client.socket.recv())
        except ConnectionClosed as closed:
            self._require(False, f"was cut off: {closed}")  # noqa: FBT003 - found

    def end(self) -> None:
        self._is_over.set()

    def judge(self) -> None:
        """Whether every event came."""
        sent, came = len(self._sent_at), len(self.waits_s)
        self._require(came == sent, f"{came} of {sent} events came")

    def _take(self, text: str | bytes) -> None:
        number = len(self.waits_s)
        is_next = json.loads(text).get("index") == number
        self._require(is_next, f"not event {number}: {text!r}")
        if is_next:
            self.waits_s.append(time.monotonic() - self._sent_at[number])

    def _require(self, holds: bool, detail: str) -> None:  # noqa: FBT001 - as Ground.require
        self._ground.require(holds, detail, where="witness")


@asynccontextmanager
async def witness(ground: Ground, port: int) -> AsyncGenerator[Witness]:
    """Watch a gateway while the block runs; an event lost or doubled, or a cut, is a violation."""
    writer = Writer.of(ground.redis.url)
    user_id = new_user_id()
    try:
        async with connected(port, writer.ticket(user_id)) as client:
            found = Witness(ground, user_id, client, writer)
            reading = asyncio.create_task(found.read())
            sending = asyncio.create_task(found.send())
            try:
                yield found
                found.end()
                await sending
                await asyncio.wait([reading], timeout=LAST_S)
            finally:
                for task in (reading, sending):
                    task.cancel()
            found.judge()
    finally:
        writer.redis.close()
