"""`python -m bench.provider`: a paid model's server that costs next to nothing, for benchmarks.

Every question gets `--pieces` pieces of text, `--rate` a second. Raw protocols on uvloop and one
clock for all streams: aiohttp's server would spend more on 10,000 chunks a second than what is
measured spends on reading them. Prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import cast

import uvloop

from tests.llm_server.script import Script
from tests.llm_server.wire import MessagesWire, ResponsesWire, Wire

SLOTS = 50
"""Parts of a period; each stream speaks in one of them, so that they do not speak in chorus."""

PIECE = "word "
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_WIRES: dict[bytes, Wire] = {b"/v1/responses": ResponsesWire(), b"/v1/messages": MessagesWire()}


class Clock:
    """Lets the streams of one slot after another say a piece."""

    def __init__(self, *, rate: float) -> None:
        self._step_s = 1 / rate / SLOTS
        self._slots: list[set[Stream]] = [set() for _ in range(SLOTS)]
        self._next = 0

    def join(self, stream: Stream) -> None:
        """Begin with the slot that has the fewest."""
        min(self._slots, key=len).add(stream)

    def leave(self, stream: Stream) -> None:
        for slot in self._slots:
            slot.discard(stream)

    async def run(self) -> None:
        """Tick for ever; a late tick does not shift those after it."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for stream in list(self._slots[self._next]):
                stream.say()
            self._next = (self._next + 1) % SLOTS
            due += self._step_s
            await asyncio.sleep(max(0.0, due - loop.time()))


class Stream(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, clock: Clock, *, pieces: int) -> None:
        self._clock = clock
        self._pieces = pieces
        self._left = 0
        self._request = b""
        self._wire: Wire = ResponsesWire()
        self._chunk = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._clock.leave(self)

    def data_received(self, data: bytes) -> None:
        self._request += data
        head, found, body = self._request.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._request = b""
        self._wire = _WIRES[head.split(b" ", 2)[1]]
        self._chunk = _chunked(self._wire.piece(PIECE))
        self._left = self._pieces
        self._write(_HEAD + _chunked(self._wire.begin()))
        self._clock.join(self)

    def say(self) -> None:
        """One piece, or the end."""
        if self._left:
            self._left -= 1
            self._write(self._chunk)
            return
        self._clock.leave(self)
        self._write(_chunked(self._wire.end(Script(), self._pieces)) + b"0\r\n\r\n")

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def _serve(*, rate: float, pieces: int) -> None:
    loop = asyncio.get_running_loop()
    clock = Clock(rate=rate)
    server = await loop.create_server(
        lambda: Stream(clock, pieces=pieces), "127.0.0.1", 0, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await clock.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--pieces", type=int, default=100)
    arguments = parser.parse_args()
    uvloop.run(_serve(rate=arguments.rate, pieces=arguments.pieces))


if __name__ == "__main__":
    sys.exit(main())
