"""The internal port: probes, metrics and the management API, on aiohttp.

Not on `websockets`, which reads no request bodies.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from ws_gateway.management import MOST_BYTES, ManagementApi
from ws_gateway.metrics import GatewayCollector
from ws_gateway.readiness import Readiness

STOP_S = 1.0


@asynccontextmanager
async def internal_http(
    *,
    host: str,
    port: int,
    management: ManagementApi,
    readiness: Readiness,
    collector: GatewayCollector,
) -> AsyncGenerator[int]:
    """Serve the internal port. Yields its number, which differs from `port` when that is 0."""
    registry = CollectorRegistry()
    registry.register(collector)

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        if readiness.is_ready:
            return web.json_response({"status": "ready"})
        status = "draining" if readiness.is_draining else "starting"
        return web.json_response({"status": status}, status=HTTPStatus.SERVICE_UNAVAILABLE)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    # One more than it may be, so that management.py refuses the body in its own words.
    app = web.Application(client_max_size=MOST_BYTES + 1)
    app.add_routes(
        [
            web.get("/healthz", healthz),
            web.get("/readyz", readyz),
            web.get("/metrics", metrics),
            *management.routes(),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
