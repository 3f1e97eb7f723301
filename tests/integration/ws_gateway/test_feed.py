"""Every event after the cursor, in order, once: whatever is lost, raced or restarted."""

from __future__ import annotations

import asyncio
import gc

import pytest

from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import head_key, log_key, node_channel
from prosa.event_log.protocol import Entry
from tests.integration.ws_gateway.clients import (
    Writer,
    a_user,
    connected,
    numbered,
    ready_gateway,
    short_settings,
    until,
)
from ws_gateway.bootstrap import RunningGateway


async def test_events_arrive_with_their_cursors(running: RunningGateway, writer: Writer) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user)) as client:
        cursors = writer.append(user, range(3))
        assert await client.read_events(3) == [0, 1, 2]
        assert [f["cursor"] for f in client.frames] == [str(c) for c in cursors]


async def test_a_poke_of_the_next_event_costs_no_read(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user)) as client:
        assert await client.says_nothing_before_pong()
        before = running.counts.catch_ups
        writer.append(user, range(20))
        await client.read_events(20)
        assert running.counts.catch_ups == before


async def test_a_client_resumes_from_any_cursor_without_gap_or_double(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    # More than two pages of the feed.
    cursors = [Cursor(c.epoch, 0) for c in writer.append(user, [0])]
    cursors += writer.append(user, range(1, 251))
    for seen in (0, 1, 2, 99, 100, 101, 150, 200, 249, 250):
        after = Cursor(cursors[0].epoch, seen)
        async with connected(running.port, writer.ticket(user), str(after)) as client:
            assert client.connected["cursor"] == str(after)
            expected = list(range(seen, 251))
            assert await client.read_events(len(expected)) == expected
            assert await client.says_nothing_before_pong()
    async with connected(running.port, writer.ticket(user), str(cursors[-1])) as client:
        assert await client.says_nothing_before_pong()


async def test_what_was_played_is_held_no_longer(running: RunningGateway, writer: Writer) -> None:
    """A hundred events for each of 10,000 sockets that come back are gigabytes."""
    user = a_user()
    cursors = writer.append(user, range(100))
    async with connected(
        running.port, writer.ticket(user), str(Cursor(cursors[0].epoch, 0))
    ) as client:
        assert await client.read_events(100) == list(range(100))
        gc.collect()
        assert [each for each in gc.get_objects() if type(each) is Entry] == []


async def test_replay_and_live_events_join_without_seam(
    running: RunningGateway, writer: Writer
) -> None:
    """Sockets open from the start of the log while it grows by thousands."""
    user = a_user()
    (first,) = writer.append(user, [0])
    start = str(Cursor(first.epoch, 0))
    total = 4000

    async def append_all() -> None:
        for n in range(1, total, 5):
            await asyncio.to_thread(writer.append, user, range(n, min(n + 5, total)))

    async def follow(at: int) -> list[int]:
        await until(lambda: int(writer.redis.hget(head_key(user), "seq") or 0) > at)
        async with connected(running.port, writer.ticket(user), start) as client:
            return await client.read_events(total)

    appending = asyncio.create_task(append_all())
    seen = await asyncio.gather(*(follow(at) for at in (0, 500, 1500, 2500)))
    await appending
    assert all(numbers == list(range(total)) for numbers in seen)


async def test_clients_that_come_and_go_see_each_event_once(
    running: RunningGateway, writer: Writer
) -> None:
    """One client reconnects again and again with its cursor, as a phone does in a train."""
    user = a_user()
    (first,) = writer.append(user, [0])
    total, cursor, seen = 1500, str(Cursor(first.epoch, 0)), list[int]()

    async def append_all() -> None:
        for n in range(1, total):
            await asyncio.to_thread(writer.append, user, [n])

    appending = asyncio.create_task(append_all())
    while len(seen) < total:
        async with connected(running.port, writer.ticket(user), cursor) as client:
            await client.read_events(min(70, total - len(seen)))
            seen += client.numbers
            cursor = client.cursor
    await appending
    assert seen == list(range(total))


async def test_an_event_nobody_poked_about_is_found_by_the_sweep(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user)) as client:
        writer.append_silently(user, range(3))
        assert await client.read_events(3) == [0, 1, 2]


async def test_a_gap_in_the_pokes_is_filled_from_the_log(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_sweep_s=3600)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        writer.append(user, [0])
        writer.append_silently(user, [1, 2])
        writer.append(user, [3])
        assert await client.read_events(4) == [0, 1, 2, 3]


async def test_pokes_out_of_order_or_twice_change_nothing(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_sweep_s=3600)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        cursors = writer.append_silently(user, range(4))
        for i in (2, 0, 1, 1, 3, 3, 0):
            poke = f"{user} {cursors[i]} {numbered(i)}"
            writer.redis.publish(node_channel(settings.gateway_node), poke)
        assert await client.read_events(4) == [0, 1, 2, 3]
        assert await client.says_nothing_before_pong()


async def test_an_unreadable_poke_disturbs_nobody(redis_url: str, writer: Writer) -> None:
    user = a_user()
    settings = short_settings(redis_url, gateway_sweep_s=3600)
    async with (
        ready_gateway(settings) as running,
        connected(running.port, writer.ticket(user)) as client,
    ):
        for text in ("", "{", "5", "[[1]]", '[["u","e"]]', "[[[],{},null,1]]"):
            writer.redis.publish(node_channel(settings.gateway_node), text)
        writer.append(user, [7])
        assert await client.read_events(1) == [7]
        assert running.counts.subscriptions == 1


async def test_all_sockets_of_a_user_get_all_and_those_of_others_nothing(
    running: RunningGateway, writer: Writer
) -> None:
    user, stranger = a_user(), a_user()
    async with (
        connected(running.port, writer.ticket(user)) as phone,
        connected(running.port, writer.ticket(user)) as laptop,
        connected(running.port, writer.ticket(stranger)) as other,
    ):
        writer.append(user, range(50))
        assert await phone.read_events(50) == list(range(50))
        assert await laptop.read_events(50) == list(range(50))
        assert await other.says_nothing_before_pong()


async def test_a_strangers_cursor_plays_nothing_of_the_stranger(
    running: RunningGateway, writer: Writer
) -> None:
    user, stranger = a_user(), a_user()
    cursors = writer.append(stranger, range(5))
    async with connected(running.port, writer.ticket(user), str(cursors[0])) as client:
        assert (await client.read())["reason"] == "epoch_changed"
        assert await client.says_nothing_before_pong()


async def test_a_cursor_of_another_life_of_the_log_is_told_to_resync(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    writer.append(user, range(5))
    async with connected(running.port, writer.ticket(user), "00000000abcd:3") as client:
        frame = await client.read()
        assert frame == {"type": "resync", "reason": "epoch_changed"}
        writer.append(user, [5])
        assert await client.read_events(1) == [5]


async def test_a_cursor_older_than_the_log_is_told_to_resync(
    running: RunningGateway, writer: Writer
) -> None:
    user = a_user()
    cursors = writer.append(user, range(20))
    writer.redis.xtrim(log_key(user), maxlen=5, approximate=False)
    async with connected(running.port, writer.ticket(user), str(cursors[2])) as client:
        assert await client.read() == {"type": "resync", "reason": "history_gone"}
        assert await client.says_nothing_before_pong()
    async with connected(running.port, writer.ticket(user), str(cursors[14])) as client:
        assert await client.read_events(5) == [15, 16, 17, 18, 19]


@pytest.mark.parametrize("then", ["silence", "more events"])
async def test_a_redis_that_lost_everything_leads_to_resync(
    running: RunningGateway, writer: Writer, then: str
) -> None:
    user = a_user()
    async with connected(running.port, writer.ticket(user)) as client:
        writer.append(user, range(10))
        await client.read_events(10)
        writer.redis.flushall()
        if then == "more events":
            writer.append(user, range(10, 13))
        assert (await client.read_type("resync"))["reason"] == "epoch_changed"
        # Off the map until the next renewal, so the sweep brings these.
        writer.append(user, [20])
        while 20 not in client.numbers:
            await client.read()
        assert len(client.numbers) == len(set(client.numbers))
