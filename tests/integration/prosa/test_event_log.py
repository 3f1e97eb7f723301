"""The event log on a real Redis: numbers, fences, resume, and the connection map."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from prosa.event_log.blocking import BlockingEventLog
from prosa.event_log.cursor import Cursor
from prosa.event_log.keys import fence_key, head_key, log_key, node_channel
from prosa.event_log.log import EventLog
from prosa.event_log.pokes import Poke, decode_pokes
from prosa.event_log.protocol import Append, Appended, HistoryLost, Range, Step, Verdict
from prosa.ids import JobId, UserId, job_id_for, new_connection_id, new_user_id
from prosa.redis_client import connect, connect_blocking

USER = new_user_id()
JOB = job_id_for(USER, "key-0001")


@pytest.fixture(params=[False, True], ids=["one server", "split by tag"])
async def log(redis_url: str, request: pytest.FixtureRequest) -> AsyncIterator[EventLog]:
    redis: Any = connect(redis_url)
    yield EventLog(redis, cluster=request.param)
    await redis.aclose()


def _plain(user: UserId, n: int) -> Append:
    return Append(user, f'{{"n":{n}}}')


def _step(step: Step, attempt: int, *, job: JobId = JOB, text: str = "x") -> Append:
    return Append(USER, f'{{"text":"{text}"}}', step, job, attempt)


def _place(appended: Appended) -> Cursor:
    assert appended.cursor is not None
    return appended.cursor


@asynccontextmanager
async def _messages(
    redis_url: str, *nodes: str
) -> AsyncGenerator[AsyncIterator[tuple[str, list[Poke]]]]:
    """What these nodes hear from now on, message by message."""
    redis: Any = connect(redis_url)
    names = {node_channel(node): node for node in nodes}

    async def heard() -> AsyncIterator[tuple[str, list[Poke]]]:
        while True:
            message = await pubsub.get_message(timeout=5)
            assert message is not None, "nothing more is heard"
            if message["type"] == "message":
                yield names[message["channel"]], decode_pokes(message["data"].encode())

    async with redis.pubsub() as pubsub:
        await pubsub.subscribe(*names)
        for _ in names:
            assert (await pubsub.get_message(timeout=5))["type"] == "subscribe"
        yield heard()
    await redis.aclose()


async def _endless(redis_url: str) -> tuple[int, list[str]]:
    """How many keys there are, and which of them would stay."""
    redis: Any = connect(redis_url)
    keys = [key async for key in redis.scan_iter()]
    endless = [key for key in keys if await redis.ttl(key) < 0]
    await redis.aclose()
    return len(keys), endless


async def _payloads(log: EventLog, after: Cursor) -> list[str]:
    found = await log.read(USER, after)
    assert isinstance(found, Range)
    return [entry.payload for entry in found.entries]


async def test_many_logs_are_asked_at_once_where_they_stand(log: EventLog) -> None:
    users = [new_user_id() for _ in range(5)]
    done = await log.append([_plain(user, 1) for user in users for _ in range(2)])
    stranger = new_user_id()
    heads = await log.heads([*users, stranger])
    assert heads == [*(_place(appended) for appended in done[1::2]), None]
    assert await log.heads([]) == []


async def test_events_are_numbered_without_a_gap(log: EventLog) -> None:
    results = await log.append([_plain(USER, n) for n in range(5)])
    cursors = [result.cursor for result in results]
    assert [c.seq for c in cursors if c] == [1, 2, 3, 4, 5]
    assert len({c.epoch for c in cursors if c}) == 1


async def test_a_tick_of_many_users_gives_each_its_own_numbers(log: EventLog) -> None:
    users = [new_user_id() for _ in range(100)]
    results = await log.append([_plain(user, n) for n in range(3) for user in users])
    assert [r.cursor.seq for r in results if r.cursor] == [1] * 100 + [2] * 100 + [3] * 100


async def test_concurrent_writers_never_share_a_number(log: EventLog) -> None:
    batches = await asyncio.gather(*(log.append([_plain(USER, n)] * 5) for n in range(40)))
    numbers = sorted(r.cursor.seq for batch in batches for r in batch if r.cursor)
    assert numbers == list(range(1, 201))


@pytest.mark.parametrize("after", range(6))
async def test_every_cursor_resumes_without_gap_or_repeat(log: EventLog, after: int) -> None:
    await log.append([_plain(USER, n) for n in range(1, 6)])
    head = await log.head(USER)
    found = await _payloads(log, Cursor(head.epoch, after))
    assert found == [f'{{"n":{n}}}' for n in range(after + 1, 6)]


async def test_a_cursor_of_another_life_is_told(log: EventLog) -> None:
    await log.append([_plain(USER, 1)])
    lost = await log.read(USER, Cursor("0123456789ab", 1))
    assert isinstance(lost, HistoryLost)
    assert lost.reason == "epoch_changed"


async def test_a_cursor_beyond_the_end_is_of_another_life(log: EventLog) -> None:
    await log.append([_plain(USER, 1)])
    head = await log.head(USER)
    lost = await log.read(USER, Cursor(head.epoch, 2))
    assert isinstance(lost, HistoryLost)


async def test_trimmed_history_is_told_not_skipped(log: EventLog, redis_url: str) -> None:
    await log.append([_plain(USER, n) for n in range(1, 11)])
    head = await log.head(USER)
    redis: Any = connect(redis_url)
    await redis.xtrim(log_key(USER), maxlen=3, approximate=False)
    await redis.aclose()
    lost = await log.read(USER, Cursor(head.epoch, 6))
    assert isinstance(lost, HistoryLost)
    assert lost.reason == "history_gone"
    assert await _payloads(log, Cursor(head.epoch, 7)) == ['{"n":8}', '{"n":9}', '{"n":10}']


async def test_a_log_that_was_lost_begins_another_life(log: EventLog, redis_url: str) -> None:
    await log.append([_plain(USER, 1)])
    before = await log.head(USER)
    redis: Any = connect(redis_url)
    await redis.flushall()
    await redis.aclose()
    [result] = await log.append([_plain(USER, 2)])
    assert result.cursor is not None
    assert result.cursor.epoch != before.epoch
    assert isinstance(await log.read(USER, before), HistoryLost)


async def test_an_earlier_attempt_is_fenced_off(log: EventLog) -> None:
    await log.append([_step(Step.START, 1), _step(Step.DELTA, 1), _step(Step.START, 2)])
    late = await log.append([_step(Step.DELTA, 1), _step(Step.FINAL, 1), _step(Step.START, 1)])
    assert [r.verdict for r in late] == [Verdict.FENCED] * 3
    head = await log.head(USER)
    assert head.seq == 3


async def test_nothing_follows_the_end_of_a_reply(log: EventLog) -> None:
    await log.append([_step(Step.START, 1), _step(Step.FINAL, 1)])
    more = await log.append([_step(Step.DELTA, 1), _step(Step.FINAL, 1), _step(Step.START, 1)])
    assert [r.verdict for r in more] == [Verdict.ALREADY_FINAL] * 3


async def test_a_redriven_reply_begins_again_after_its_end(log: EventLog) -> None:
    """Only an attempt after the one that ended it: there is none unless an operator redrove it."""
    await log.append([_step(Step.START, 4), _step(Step.FINAL, 4)])
    steps = [(Step.FINAL, 4), (Step.START, 5), (Step.FINAL, 4), (Step.FINAL, 5), (Step.FINAL, 5)]
    results = await log.append([_step(step, attempt) for step, attempt in steps])
    assert [r.verdict for r in results] == [
        Verdict.ALREADY_FINAL,
        Verdict.APPENDED,
        Verdict.FENCED,
        Verdict.APPENDED,
        Verdict.ALREADY_FINAL,
    ]


async def test_the_fence_of_one_reply_leaves_another_alone(log: EventLog) -> None:
    other = job_id_for(USER, "key-0002")
    await log.append([_step(Step.START, 2), _step(Step.FINAL, 2)])
    [result] = await log.append([_step(Step.START, 1, job=other)])
    assert result.verdict is Verdict.APPENDED


async def test_whoever_writes_is_told_of_the_cancel(log: EventLog) -> None:
    [before] = await log.append([_step(Step.START, 1)])
    await log.cancel(USER, JOB)
    [after] = await log.append([_step(Step.DELTA, 1)])
    assert (before.is_cancelled, after.is_cancelled) == (False, True)
    assert await log.is_cancelled(USER, JOB)


async def test_a_stranger_cannot_cancel(log: EventLog) -> None:
    await log.cancel(new_user_id(), JOB)
    [result] = await log.append([_step(Step.START, 1)])
    assert not result.is_cancelled


async def test_a_node_is_poked_once_with_the_events_of_its_user(
    log: EventLog, redis_url: str
) -> None:
    stranger = new_user_id()
    await log.renew("node-a", [(USER, new_connection_id())], lease_s=30)
    async with _messages(redis_url, "node-a") as messages:
        first, _, second = await log.append([_plain(USER, 1), _plain(stranger, 2), _plain(USER, 3)])
        _, pokes = await anext(messages)
    assert [(poke.cursor, poke.payload) for poke in pokes] == [
        (first.cursor, b'{"n":1}'),
        (second.cursor, b'{"n":3}'),
    ]
    assert {poke.user_id for poke in pokes} == {USER}


async def test_all_nodes_of_a_user_are_poked(log: EventLog, redis_url: str) -> None:
    nodes = {"node-a", "node-b"}
    for node in nodes:
        await log.renew(node, [(USER, new_connection_id())], lease_s=30)
    async with _messages(redis_url, *nodes) as messages:
        [told] = await log.append([_plain(USER, 1)])
        heard = [await anext(messages) for _ in nodes]
    assert {node for node, _ in heard} == nodes == set(told.nodes)
    assert all(pokes == [Poke(USER, _place(told), b'{"n":1}')] for _, pokes in heard)


async def test_a_refused_event_wakes_nobody(log: EventLog, redis_url: str) -> None:
    await log.renew("node-a", [(USER, new_connection_id())], lease_s=30)
    await log.append([_step(Step.START, 2)])
    async with _messages(redis_url, "node-a") as messages:
        await log.append([_step(Step.DELTA, 1)])
        [told] = await log.append([_plain(USER, 1)])
        assert await anext(messages) == ("node-a", [Poke(USER, _place(told), b'{"n":1}')])


async def test_a_dead_node_does_not_outlive_its_lease(log: EventLog) -> None:
    await log.renew("dead", [(USER, new_connection_id())], lease_s=0.05)
    await log.renew("alive", [(USER, new_connection_id())], lease_s=30)
    async with asyncio.timeout(5):
        while True:
            [result] = await log.append([_plain(USER, 1)])
            if result.nodes == ("alive",):
                break
    assert len(await log.connections(USER)) == 1


async def test_a_closed_connection_is_forgotten(log: EventLog) -> None:
    connection = new_connection_id()
    await log.renew("node-a", [(USER, connection)], lease_s=30)
    await log.forget(USER, connection)
    assert await log.connections(USER) == {}


async def test_nothing_in_redis_lives_for_ever(log: EventLog, redis_url: str) -> None:
    await log.renew("node-a", [(USER, new_connection_id())], lease_s=30)
    await log.append([_plain(USER, 1), _step(Step.START, 1)])
    await log.cancel(USER, job_id_for(USER, "never-started"))
    assert await _endless(redis_url) == (5, [])


async def test_what_a_delta_writes_into_an_emptied_redis_does_not_live_for_ever(
    log: EventLog, redis_url: str
) -> None:
    await log.append([_step(Step.DELTA, 1)])
    assert await _endless(redis_url) == (3, [])


@pytest.mark.parametrize("last", [Step.START, Step.FINAL])
async def test_a_reply_prolongs_its_log_and_its_fence(
    log: EventLog, redis_url: str, last: Step
) -> None:
    await log.append([_step(Step.START, 1)])
    redis: Any = connect(redis_url)
    for key in (log_key(USER), head_key(USER), fence_key(USER, JOB)):
        await redis.expire(key, 5)
    await log.append([_step(last, 1)])
    lives = [await redis.ttl(key) for key in (log_key(USER), head_key(USER), fence_key(USER, JOB))]
    await redis.aclose()
    assert min(lives) > 3000


async def test_a_snapshot_goes_back_to_where_the_running_reply_began(
    log: EventLog, redis_url: str
) -> None:
    await log.append([_plain(USER, 1), _step(Step.START, 1), _step(Step.DELTA, 1)])
    blocking = BlockingEventLog(connect_blocking(redis_url))
    assert blocking.snapshot_cursor(USER, []).seq == 3
    assert blocking.snapshot_cursor(USER, [JOB]).seq == 1


async def test_a_snapshot_never_points_before_the_history(log: EventLog, redis_url: str) -> None:
    await log.append([_step(Step.START, 1), *(_step(Step.DELTA, 1) for _ in range(9))])
    client = connect_blocking(redis_url)
    client.xtrim(log_key(USER), maxlen=4, approximate=False)
    cursor = BlockingEventLog(client).snapshot_cursor(USER, [JOB])
    assert cursor.seq == 6
    assert len(await _payloads(log, cursor)) == 4


async def test_a_lost_fence_lets_the_reply_go_on(log: EventLog, redis_url: str) -> None:
    await log.append([_step(Step.START, 3)])
    redis: Any = connect(redis_url)
    await redis.delete(fence_key(USER, JOB))
    await redis.aclose()
    results = await log.append([_step(Step.DELTA, 3), _step(Step.FINAL, 3), _step(Step.FINAL, 3)])
    assert [r.verdict for r in results] == [
        Verdict.APPENDED,
        Verdict.APPENDED,
        Verdict.ALREADY_FINAL,
    ]
