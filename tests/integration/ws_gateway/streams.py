"""A client of the gateway's event streams, as the page's is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from tests.integration.ws_gateway.clients import DEADLINE_S


class StreamClient:
    """One stream. `frames` are the log's messages, `ids` the places they came with."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.connected: dict[str, Any] = {}
        self.frames: list[dict[str, Any]] = []
        self.ids: list[str] = []
        self.close: dict[str, Any] | None = None
        self.beats = 0

    @property
    def numbers(self) -> list[int]:
        """The numbers of the events seen so far, in the order they came."""
        return [f["index"] for f in self.frames if f["type"] == "reply.delta"]

    async def read(self) -> dict[str, Any] | None:
        """The next message; None at the end of the stream."""
        while (record := await self._record()) is not None:
            if record.get("event") == "close":
                self.close = json.loads(record["data"])
            elif "data" in record:
                frame: dict[str, Any] = json.loads(record["data"])
                self.frames.append(frame)
                if "id" in record:
                    self.ids.append(record["id"])
                return frame
        return None

    async def read_type(self, kind: str) -> dict[str, Any]:
        """The next message of a type."""
        while (frame := await self.read()) is not None:
            if frame["type"] == kind:
                return frame
        raise AssertionError(f"the stream ended without {kind}")

    async def read_events(self, count: int) -> list[int]:
        """Read until `count` events were seen in all; gives their numbers."""
        while len(self.numbers) < count and await self.read() is not None:
            pass
        return self.numbers

    async def closed(self) -> int | None:
        """Read to the end; gives the code it was closed with, None for none."""
        while await self.read() is not None:
            pass
        return self.close["code"] if self.close else None

    def stop_reading(self) -> None:
        """Read nothing more from the network, as a machine that sleeps."""
        self._transport().pause_reading()

    async def numbers_until_cut(self) -> list[int]:
        """Read what still comes, to an end that is told or to a cut."""
        self._transport().resume_reading()
        with suppress(aiohttp.ClientError):
            await self.closed()
        return self.numbers

    def _transport(self) -> asyncio.ReadTransport:
        connection = self.response.connection
        assert connection is not None
        assert connection.transport is not None
        return connection.transport

    async def _record(self) -> dict[str, str] | None:
        fields: dict[str, str] = {}
        async with asyncio.timeout(DEADLINE_S):
            while line := await self.response.content.readline():
                text = line.decode().rstrip("\n")
                if not text:
                    return fields
                if text.startswith(":"):
                    self.beats += 1
                else:
                    name, _, value = text.partition(": ")
                    fields[name] = value
        return None


@asynccontextmanager
async def opened(
    port: int,
    ticket: str | None,
    after: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> AsyncGenerator[aiohttp.ClientResponse]:
    """Ask for a stream, and be answered something."""
    query = {k: v for k, v in {"ticket": ticket, "after": after}.items() if v is not None}
    url = f"http://127.0.0.1:{port}/api/events"
    limits = aiohttp.ClientTimeout(total=None, sock_connect=DEADLINE_S)
    async with (
        aiohttp.ClientSession(timeout=limits, read_bufsize=2**22) as session,
        session.get(url, params=query, headers=headers) as response,
    ):
        yield response


@asynccontextmanager
async def streaming(
    port: int,
    ticket: str | None,
    after: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> AsyncGenerator[StreamClient]:
    """Open a stream and read its `connected`."""
    async with opened(port, ticket, after, headers=headers) as response:
        assert response.status == 200, await response.text()
        client = StreamClient(response)
        client.connected = await client.read_type("connected")
        client.frames.clear()
        yield client
