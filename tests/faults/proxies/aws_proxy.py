"""The way to AWS: it knows calls, not bytes alone: each goes wrong in its own service's way."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Collection, Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from tests.faults.proxies.aws_calls import AwsCall, call_of, internal_error, throttled
from tests.faults.proxies.background import Background, Record, unrecorded
from tests.faults.proxies.schedule import Fate, Kind, Schedule
from tests.faults.proxies.tcp_proxy import reset

MAX_BODY = 16 * 1024 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class AwsProxy(Background):
    """Forwards calls to the endpoint `target`, and lets a schedule ruin some of them.

    `calls` and `faults` count what came and what was done to it, by (side, call) and by
    (side, kind, is_applied).
    """

    def __init__(self, target: str, *, record: Record = unrecorded) -> None:
        super().__init__(record=record)
        self._target = target.rstrip("/")
        self._schedule: Schedule | None = None
        self._session: aiohttp.ClientSession | None = None
        self.calls: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[tuple[str, Kind, bool]] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ruin(self, schedule: Schedule | None) -> None:
        """Let calls go wrong by `schedule` from now on; None ends it."""
        self._schedule = schedule

    async def serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        """See `Background`."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=60),
        ) as self._session:
            try:
                site = web.TCPSite(runner, "127.0.0.1", 0)
                await site.start()
                self.port = runner.addresses[0][1]
                started.set()
                await stop.wait()
            finally:
                await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        call = call_of(request.method, request.path, request.headers)
        self.calls[call.side, call.name] += 1
        body = await request.read()
        schedule = self._schedule
        fate = schedule.draw(f"{call.side}/{call.name}") if schedule else None
        if fate is None:
            return await self._forward(request, body)
        self._note(call, fate)
        return await self._ruined(request, call, body, fate)

    def _note(self, call: AwsCall, fate: Fate) -> None:
        self.faults[call.side, fate.kind, fate.is_applied] += 1
        self._record(
            f"aws_{fate.kind}",
            call=call.name,
            side=call.side,
            is_applied=fate.is_applied,
            delay_s=fate.delay_s,
        )

    async def _ruined(
        self, request: web.Request, call: AwsCall, body: bytes, fate: Fate
    ) -> web.StreamResponse:
        answer = await self._forward(request, body) if fate.is_applied else None
        await asyncio.sleep(fate.delay_s)
        match fate.kind:
            case Kind.INTERNAL:
                return internal_error(call)
            case Kind.THROTTLE:
                return throttled(call, body)
            case Kind.LATENCY if answer is not None:
                return answer
            case _:
                if request.transport is not None:
                    reset(request.transport)
                return web.Response()

    async def _forward(self, request: web.Request, body: bytes) -> web.Response:
        """Ask the endpoint itself. What it does not answer is answered with 502."""
        assert self._session is not None
        url = URL(self._target + request.raw_path, encoded=True)
        try:
            async with self._session.request(
                request.method, url, headers=_end_to_end(request.headers), data=body or None
            ) as answer:
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    headers=_end_to_end(answer.headers, but={"content-length"}),
                )
        except (aiohttp.ClientError, TimeoutError) as exc:
            return web.Response(status=502, text=type(exc).__name__)


def _end_to_end(headers: Mapping[str, str], *, but: Collection[str] = ()) -> CIMultiDict[str]:
    """What is meant for the other end, and not for this connection."""
    own = {*_HOP_BY_HOP, *but}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in own)
