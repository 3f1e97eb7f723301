"""The server, in a thread with a loop of its own: a test may block or freeze as it likes."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.llm_server.script import Fault, Script
from tests.llm_server.wire import GARBAGE, MessagesWire, ResponsesWire, Wire

POLL_S = 0.005
HANG_S = 3600.0


@dataclass
class Request:
    """One request as it came. `ended` is set when the server is through with it."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    question: str
    pieces_sent: int = 0
    is_aborted: bool = False
    """The client went away before the end."""
    ended: threading.Event = field(default_factory=threading.Event)


class LlmServer:
    """Answers by script: those of the question first, then those in turn, then what `choose` says
    of the request (in the server's thread), then `default`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.default = Script()
        self.choose: Callable[[Request], Script] | None = None
        self.port = 0
        self._next: deque[Script] = deque()
        self._by_question: defaultdict[str, deque[Script]] = defaultdict(deque)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def openai_base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def anthropic_base_url(self) -> str:
        return self.url

    def script(self, *scripts: Script) -> None:
        """What the next requests get, in turn."""
        self._next.extend(scripts)

    def answer(self, question: str, *scripts: Script) -> None:
        """What the next requests with this question get, in turn."""
        self._by_question[question].extend(scripts)

    def wait_for_requests(self, count: int, *, timeout_s: float = 20.0) -> list[Request]:
        """Block until `count` requests came."""
        deadline = time.monotonic() + timeout_s
        while len(self.requests) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")
            time.sleep(POLL_S)
        return self.requests

    def forget(self) -> None:
        """Drop what earlier tests scripted and asked."""
        self.requests.clear()
        self.default = Script()
        self.choose = None
        self._next.clear()
        self._by_question.clear()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/responses", self._endpoint(ResponsesWire())),
                web.post("/v1/messages", self._endpoint(MessagesWire())),
            ]
        )
        return app

    def _endpoint(self, wire: Wire) -> Callable[[web.Request], Any]:
        async def answer(http: web.Request) -> web.StreamResponse:
            body = await http.json()
            request = Request(
                http.path,
                {k.lower(): v for k, v in http.headers.items()},
                body,
                wire.question(body),
            )
            script = self._script_for(request)
            self.requests.append(request)
            try:
                return await _play(http, wire, script, request)
            except asyncio.CancelledError:
                request.is_aborted = True
                raise
            except ConnectionError:
                request.is_aborted = True
                return web.Response()  # nobody reads it; raised, it would fill the log
            finally:
                request.ended.set()

        return answer

    def _script_for(self, request: Request) -> Script:
        own = self._by_question.get(request.question)
        if own:
            return own.popleft()
        if self._next:
            return self._next.popleft()
        return self.default if self.choose is None else self.choose(request)


async def _play(
    http: web.Request, wire: Wire, script: Script, request: Request
) -> web.StreamResponse:
    if script.fault is Fault.STATUS:
        return _status(script)
    if script.fault is Fault.HANG:
        await asyncio.sleep(HANG_S)
    if script.fault is Fault.RESET:
        _reset(http)
        return web.Response()
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(http)
    await response.write(wire.begin())
    pieces = script.pieces(request.question)
    for number, piece in enumerate(pieces):
        if number == script.hold_after:
            await _wait_for(script)
        if number == script.fault_after and script.fault is not Fault.NONE:
            return await _go_wrong(http, response, wire, script)
        await response.write(wire.piece(piece))
        request.pieces_sent += 1
        if script.pieces_per_s is not None:
            await asyncio.sleep(1 / script.pieces_per_s)
    await response.write(wire.end(script, len(pieces)))
    await response.write_eof()
    return response


async def _go_wrong(
    http: web.Request, response: web.StreamResponse, wire: Wire, script: Script
) -> web.StreamResponse:
    match script.fault:
        case Fault.MID_HANG:
            await asyncio.sleep(HANG_S)
        case Fault.MID_RESET:
            _reset(http)
        case Fault.MID_ERROR:
            await response.write(wire.error(script.error))
        case Fault.FAILED:
            await response.write(wire.failed(script.error))
        case Fault.MID_GARBAGE:
            await response.write(GARBAGE)
        case _:  # MID_CUT: nothing more
            pass
    return response


def _status(script: Script) -> web.Response:
    # Both APIs: `{"error": {...}}`; Anthropic's has a `type` beside it.
    body = json.dumps({"type": "error", "error": dict(script.error)})
    return web.Response(
        status=script.status,
        text=body,
        content_type="application/json",
        headers=dict(script.headers),
    )


async def _wait_for(script: Script) -> None:
    while not script.gate.is_open:  # noqa: ASYNC110 - the test opens it from another thread
        await asyncio.sleep(POLL_S)


def _reset(http: web.Request) -> None:
    """Close with RST: no lingering, no goodbye."""
    transport = http.transport
    if transport is None:
        return
    sock: socket.socket = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@contextmanager
def llm_server(*, port: int = 0) -> Generator[LlmServer]:
    """Run a server on loopback while the block runs."""
    server = LlmServer()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        # A client that goes away ends its request at once: that is how a test sees it.
        runner = web.AppRunner(
            server.app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            server.port = runner.addresses[0][1]
            started.set()
            await stop.wait()
        finally:
            await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    if not started.wait(timeout=10):
        raise TimeoutError("the server did not start")
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=10)
        loop.close()
