"""The port for probes and metrics; nobody outside the cluster should reach it.

`/healthz` the process answers at all, `/readyz` it takes work, `/metrics` for Prometheus.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.aiohttp import make_aiohttp_handler

SHUTDOWN_S = 1.0


@asynccontextmanager
async def serve_health(
    *, host: str, port: int, is_ready: Callable[[], bool]
) -> AsyncGenerator[int]:
    """Listen while the block runs; gives the port, of use for 0. Raises OSError if it is taken."""

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.Response:
        ready = is_ready()
        return web.Response(
            text="ready\n" if ready else "not ready\n", status=200 if ready else 503
        )

    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", make_aiohttp_handler()),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
