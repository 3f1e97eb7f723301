"""A reader that stalls costs little, harms no one, and is let go."""

from __future__ import annotations

import asyncio

from tests.integration.ws_gateway.clients import (
    KIB,
    Writer,
    a_user,
    connected,
    ready_gateway,
    short_settings,
    until,
)
from ws_gateway.settings import GatewaySettings
from ws_gateway.websocket_connection import WebSocketConnection

SLOW = 4408


def tight_settings(redis_url: str, *, close_timeout_s: float = 1.0) -> GatewaySettings:
    return short_settings(
        redis_url,
        gateway_send_buffer=4096,
        gateway_write_buffer=16 * 1024,
        gateway_stall_s=0.5,
        gateway_close_timeout_s=close_timeout_s,
    )


async def test_a_stalled_reader_is_closed_and_resumes_while_another_keeps_up(
    redis_url: str, writer: Writer
) -> None:
    user, total = a_user(), 1500
    async with (
        ready_gateway(tight_settings(redis_url, close_timeout_s=10)) as running,
        connected(running.port, writer.ticket(user)) as healthy,
    ):
        async with connected(running.port, writer.ticket(user), is_tiny=True) as stalled:
            for start in range(0, total, 50):
                await asyncio.to_thread(writer.append, user, range(start, start + 50), text=KIB)
            assert await healthy.read_events(total) == list(range(total))
            await until(lambda: running.counts.closed[SLOW] == 1)
            # Now it reads: what was under way, in order, and then why it was closed.
            assert await stalled.closed() == SLOW
            seen = stalled.numbers
            assert seen == list(range(len(seen)))
            assert len(seen) < total
        async with connected(running.port, writer.ticket(user), stalled.cursor) as resumed:
            assert await resumed.read_events(total - len(seen)) == list(range(len(seen), total))
        assert running.counts.closed[SLOW] == 1


async def test_what_a_stalled_reader_holds_is_bounded_and_then_freed(
    redis_url: str, writer: Writer
) -> None:
    user = a_user()
    settings = tight_settings(redis_url)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user), is_tiny=True),
    ):
        (connection,) = running.hub
        assert isinstance(connection, WebSocketConnection)
        transport = connection._socket.transport  # pyright: ignore[reportPrivateUsage]
        most = 0

        def is_cut_off() -> bool:
            nonlocal most
            most = max(most, transport.get_write_buffer_size())
            return transport.is_closing()

        for start in range(0, 2000, 50):
            await asyncio.to_thread(writer.append, user, range(start, start + 50), text=KIB)
            is_cut_off()
        await until(is_cut_off)
        await until(lambda: len(running.hub) == 0)
        # What was written at once and crossed the limit, and a close frame, may stand on top.
        assert most <= settings.gateway_write_buffer + 2 * 1024
        assert transport.get_write_buffer_size() == 0


async def test_a_reader_that_stalls_after_the_last_event_is_closed_too(
    redis_url: str, writer: Writer
) -> None:
    """No further poke comes that would find it congested."""
    user = a_user()
    async with (
        ready_gateway(tight_settings(redis_url)) as running,
        connected(running.port, writer.ticket(user), is_tiny=True) as stalled,
    ):
        assert await stalled.says_nothing_before_pong()
        writer.append(user, range(5))
        writer.append(user, [5], text=KIB * 400)
        (connection,) = running.hub
        await until(lambda: connection.is_congested)
        assert connection.cursor.seq == 6
        await until(lambda: running.counts.closed[SLOW] == 1)
        await until(lambda: len(running.hub) == 0)


async def test_a_slow_reader_that_does_read_gets_everything(redis_url: str, writer: Writer) -> None:
    user, total = a_user(), 600
    async with (
        ready_gateway(tight_settings(redis_url)) as running,
        connected(running.port, writer.ticket(user), is_tiny=True) as slow,
    ):
        for start in range(0, total, 50):
            writer.append(user, range(start, start + 50), text=KIB)
        for count in range(20, total + 1, 20):
            await slow.read_events(count)
            await asyncio.sleep(0.03)  # the pace of the reader, which is what is tested
        assert slow.numbers == list(range(total))
        assert running.counts.closed[SLOW] == 0
