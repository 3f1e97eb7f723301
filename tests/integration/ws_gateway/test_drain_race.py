"""A socket whose upgrade ends just as the drain begins is sent away like the others."""

from __future__ import annotations

import asyncio

from websockets.asyncio.client import connect

from tests.integration.ws_gateway.clients import Client, Writer, a_user, short_settings, until
from ws_gateway.bootstrap import gateway


async def test_no_socket_slips_in_behind_the_drain(redis_url: str, writer: Writer) -> None:
    """Many knock while the gateway leaves; each is refused, or told to come back."""
    is_over = False
    codes: list[int | None] = []

    async def knock(port: int) -> None:
        while not is_over:
            ticket = await asyncio.to_thread(writer.ticket, a_user())
            try:
                async with connect(f"ws://127.0.0.1:{port}/ws?ticket={ticket}") as socket:
                    codes.append(await Client(socket).closed())
            except Exception:  # noqa: BLE001  # a refusal in any of its forms
                await asyncio.sleep(0)

    settings = short_settings(redis_url, gateway_close_timeout_s=1.0)
    async with asyncio.TaskGroup() as group:
        async with gateway(settings) as running:
            for _ in range(20):
                group.create_task(knock(running.port))
            await until(lambda: len(running.hub) >= 10)
        is_over = True
    assert len(codes) >= 10
    assert set(codes) == {1012}
    assert not writer.redis.keys("*conns*")
