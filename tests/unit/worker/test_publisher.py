"""`worker.publisher` and `worker.reply_feed`: what replies say, in ticks, through a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisAway

from prosa import events
from prosa.conversation import Failure
from prosa.errors import Unavailable
from prosa.event_log.keys import log_key
from prosa.event_log.log import EventLog
from prosa.event_log.protocol import Append, Appended, Verdict
from prosa.ids import UserId, new_user_id
from prosa.jobs import Job
from prosa.redis_client import connect
from prosa.replies import end_event, failed_reply
from tests.builders import an_acceptance
from worker.publisher import CROWDED_ROUND_S, TICK_REPLIES, Publisher
from worker.reply_feed import ReplyFeed
from worker.stopping import Stopped, StopReason, StopScope


class Log(EventLog):
    """The real log, whose calls a test counts, and can hold or fail before or after they happen."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.calls: list[int] = []
        self.fails: list[str] = []
        self.called = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def append(self, appends: Sequence[Append]) -> list[Appended]:
        self.calls.append(len(appends))
        self.called.set()
        fault = self.fails.pop(0) if self.fails else ""
        if fault == "before":
            raise RedisAway
        results = await super().append(appends)
        await self.may_answer.wait()
        if fault == "after":
            raise RedisAway
        return results


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis) -> Log:
    return Log(redis)


@pytest.fixture
async def publisher(log: Log) -> AsyncIterator[Publisher]:
    publisher = Publisher(log)
    running = asyncio.create_task(publisher.run())
    yield publisher
    running.cancel()


def a_job(*, user_id: UserId | None = None, attempt: int = 1) -> Job:
    return an_acceptance(user_id=user_id).job.model_copy(update={"attempt": attempt})


def the_end(job: Job) -> events.ReplyFailed:
    failure = Failure(code="test", detail="The end.")
    event = end_event(job, failed_reply(job, failure, model_id=None))
    assert isinstance(event, events.ReplyFailed)
    return event


async def told(redis: Redis, job: Job) -> list[object]:
    rows: Any = await redis.xrange(log_key(job.user_id))  # pyright: ignore[reportUnknownMemberType]
    return [events.decode(fields["e"])[0] for _, fields in rows]


async def stopped(*, by: ReplyFeed, saying: str = "") -> StopReason:
    """Why a block is stopped that says something and then waits for ever."""
    scope = StopScope(deadline_s=5)
    try:
        async with scope:
            with by.stops(scope):
                by.delta(saying)
                await asyncio.Event().wait()
    except Stopped as exc:
        return exc.reason
    raise AssertionError("an endless block ended")


async def test_a_reply_is_told_from_start_to_end(publisher: Publisher, redis: Redis) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        assert (await feed.start(model_id="openai:test")).verdict is Verdict.APPENDED
        feed.delta("Hello ")
        feed.delta("there")
        assert (await feed.end(the_end(job))).verdict is Verdict.APPENDED

    started, delta, end = await told(redis, job)
    assert isinstance(started, events.ReplyStarted)
    assert delta == events.ReplyDelta(job_id=job.job_id, attempt=1, index=0, text="Hello there")
    assert end == the_end(job)


async def test_replies_of_one_tick_share_one_call(publisher: Publisher, log: Log) -> None:
    jobs = [a_job() for _ in range(20)]
    log.may_answer.clear()
    feeds = [publisher.open(job) for job in jobs]
    entered = [feed.__enter__() for feed in feeds]
    first = asyncio.create_task(entered[0].start(model_id="m"))
    await log.called.wait()
    rest = [asyncio.create_task(feed.start(model_id="m")) for feed in entered[1:]]
    await asyncio.sleep(0)
    log.may_answer.set()
    await asyncio.gather(first, *rest)
    for feed in feeds:
        feed.__exit__(None, None, None)

    assert log.calls == [1, 19]


async def test_a_tick_takes_so_many_replies_and_the_next_one_the_others(
    publisher: Publisher, log: Log, redis: Redis
) -> None:
    jobs = [a_job() for _ in range(TICK_REPLIES + 20)]
    with ExitStack() as feeds:
        entered = [feeds.enter_context(publisher.open(job)) for job in jobs]
        await asyncio.gather(*(feed.start(model_id="m") for feed in entered))

    assert log.calls == [TICK_REPLIES, 20]
    assert all([await told(redis, job) for job in jobs])


async def test_deltas_that_wait_become_one(publisher: Publisher, log: Log, redis: Redis) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        await feed.start(model_id="m")
        log.may_answer.clear()
        log.called.clear()
        feed.delta("é")
        await log.called.wait()
        for letter in "çã and so on":
            feed.delta(letter)
        log.may_answer.set()
        await feed.end(the_end(job))

    deltas = [e for e in await told(redis, job) if isinstance(e, events.ReplyDelta)]
    assert [(d.index, d.text) for d in deltas] == [(0, "é"), (1, "çã and so on")]


@pytest.mark.parametrize(("replies", "joined"), [(TICK_REPLIES + 1, True), (1, False)])
async def test_in_a_crowd_tokens_are_joined(
    publisher: Publisher, log: Log, replies: int, *, joined: bool
) -> None:
    tokens, apart_s = 10, CROWDED_ROUND_S / 2.5
    with ExitStack() as feeds:
        entered = [feeds.enter_context(publisher.open(a_job())) for _ in range(replies)]
        await asyncio.gather(*(feed.start(model_id="m") for feed in entered))
        log.calls.clear()
        for _ in range(tokens):
            for feed in entered:
                feed.delta("word ")
            await asyncio.sleep(apart_s)  # as a model speaks
    assert (sum(log.calls) <= replies * tokens / 2) is joined


async def test_a_delta_never_waits(publisher: Publisher, log: Log) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        await feed.start(model_id="m")
        log.may_answer.clear()
        feed.delta("said while Redis is silent")  # returns, or this test hangs
        log.may_answer.set()


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_what_a_failed_tick_held_is_said_again(
    publisher: Publisher, log: Log, redis: Redis, fault: str
) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        await feed.start(model_id="m")
        log.fails = [fault]
        log.called.clear()
        feed.delta("one ")
        await log.called.wait()
        feed.delta("two")
        await feed.end(the_end(job))

    text = ""
    for event in await told(redis, job):
        if isinstance(event, events.ReplyDelta):
            assert event.index <= len(text)  # it may repeat, it never leaves a gap
            text = text[: event.index] + event.text
    assert text == "one two"


async def test_a_start_that_failed_is_said_before_the_first_delta(
    publisher: Publisher, log: Log, redis: Redis
) -> None:
    job = a_job()
    log.fails = ["before"]
    with publisher.open(job) as feed:
        with pytest.raises(Unavailable):
            await feed.start(model_id="m")
        feed.delta("text")
        await feed.end(the_end(job))

    kinds = [type(event) for event in await told(redis, job)]
    assert kinds == [events.ReplyStarted, events.ReplyDelta, events.ReplyFailed]


async def test_an_end_that_may_have_happened_is_told_once(
    publisher: Publisher, log: Log, redis: Redis
) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        log.fails = ["after"]
        with pytest.raises(Unavailable):
            await feed.end(the_end(job))
        again = await feed.end(the_end(job))

    assert again.verdict is Verdict.ALREADY_FINAL
    assert await told(redis, job) == [the_end(job)]


async def test_a_later_attempt_stops_an_earlier_one(publisher: Publisher, redis: Redis) -> None:
    early = a_job(attempt=1)
    late = early.model_copy(update={"attempt": 2})
    with publisher.open(early) as zombie, publisher.open(late) as feed:
        await zombie.start(model_id="m")
        await feed.start(model_id="m")
        reason = await stopped(by=zombie, saying="too late")

    assert reason is StopReason.FENCED
    assert [type(e) for e in await told(redis, early)] == [events.ReplyStarted] * 2


async def test_a_cancelled_reply_hears_of_it_with_its_next_delta(
    publisher: Publisher, log: Log
) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        await feed.start(model_id="m")
        await log.cancel(job.user_id, job.job_id)
        reason = await stopped(by=feed, saying="text")

    assert reason is StopReason.CANCELLED


async def test_a_silent_reply_hears_of_its_cancellation_too(publisher: Publisher, log: Log) -> None:
    job = a_job()
    with publisher.open(job) as feed:
        await feed.start(model_id="m")
        await log.cancel(job.user_id, job.job_id)
        reason = await stopped(by=feed)

    assert reason is StopReason.CANCELLED


async def test_a_stop_that_came_before_anyone_listened_is_not_lost(
    publisher: Publisher, log: Log
) -> None:
    job = a_job()
    await log.cancel(job.user_id, job.job_id)
    with publisher.open(job) as feed:
        assert (await feed.start(model_id="m")).is_cancelled
        assert await stopped(by=feed) is StopReason.CANCELLED


async def test_a_closed_feed_is_not_said(publisher: Publisher, redis: Redis) -> None:
    user_id = new_user_id()
    dropped, kept = a_job(user_id=user_id), a_job(user_id=user_id)
    with publisher.open(dropped) as feed:
        feed.delta("of an attempt that is over")
    with publisher.open(kept) as feed:
        await feed.start(model_id="m")

    assert [type(event) for event in await told(redis, kept)] == [events.ReplyStarted]
