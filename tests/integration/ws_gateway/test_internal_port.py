"""The internal port: probes and metrics answer. The management API has tests of its own."""

from __future__ import annotations

import aiohttp
from yarl import URL

from tests.integration.ws_gateway.clients import (
    Writer,
    a_user,
    connected,
    short_settings,
    until,
)
from ws_gateway.bootstrap import RunningGateway, gateway


async def test_a_node_that_never_heard_redis_is_alive_but_not_ready() -> None:
    async with gateway(short_settings("redis://127.0.0.1:1/0")) as running:
        assert (await get(running, "/healthz"))[0] == 200
        assert (await get(running, "/readyz"))[0] == 503


async def test_metrics_count_what_happens(running: RunningGateway, writer: Writer) -> None:
    user = a_user()
    assert (await get(running, "/readyz"))[0] == 200
    async with connected(running.port, writer.ticket(user), "00000000abcd:1") as client:
        await client.read_type("resync")
        writer.append(user, range(3))
        await client.read_events(3)
        _, text = await get(running, "/metrics")
    samples = set(text.splitlines())
    assert "prosa_gateway_connections 1.0" in samples
    assert "prosa_gateway_accepted_total 1.0" in samples
    assert "prosa_gateway_delivered_events_total 3.0" in samples
    assert 'prosa_gateway_resyncs_total{reason="epoch_changed"} 1.0' in samples
    await until(lambda: len(running.hub) == 0)


async def get(running: RunningGateway, path: str) -> tuple[int, str]:
    url = URL(f"http://127.0.0.1:{running.internal_port}{path}", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()
