"""`worker.consumer`: what becomes of messages, without SQS: each call it would make is recorded.

With SQS it is tested in `tests/integration/worker`; here is what a real queue does rarely.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from prosa.errors import Unavailable
from prosa.job_queue import Delivery
from worker import consumer as consumer_module
from worker.consumer import Consumer, ConsumerLimits
from worker.leases import Leases
from worker.outcome import DeadLetter, Done, Dropped, Outcome, Retry
from worker.stopping import StopReason

LIMITS = ConsumerLimits(concurrency=4, visibility_s=30, poll_wait_s=10)


@dataclass
class Queue:
    """Gives what is put into `polls`, then nothing until it is closed; records the rest."""

    polls: list[list[Delivery] | Unavailable] = field(
        default_factory=list[list[Delivery] | Unavailable]
    )
    calls: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    limits: list[int] = field(default_factory=list[int])
    can_bury: bool = True
    is_idle: asyncio.Event = field(default_factory=asyncio.Event)
    """All of `polls` were given, the next one waits."""
    arrives: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    last: list[Delivery] = field(default_factory=list[Delivery])
    """What the poll brings that is under way when polling stops."""

    async def receive(self, limit: int, *, wait_s: int, visibility_s: int) -> list[Delivery]:
        assert (wait_s, visibility_s) == (10, 30)
        self.limits.append(limit)
        if not self.polls:
            self.is_idle.set()
            await self.arrives.wait()
            return self.last
        found = self.polls.pop(0)
        if isinstance(found, Unavailable):
            raise found
        return found

    async def extend(self, receipts: Sequence[str], visibility_s: int) -> list[str]:
        del receipts, visibility_s
        return []

    async def until(self, *call: object) -> None:
        """Wait for a call."""
        async with self.changed:
            await self.changed.wait_for(lambda: call in self.calls)

    async def delete(self, receipt: str) -> None:
        await self._record("delete", receipt)

    async def release(self, receipts: Sequence[str], *, delay_s: int) -> None:
        if receipts:
            await self._record("release", *receipts, delay_s)

    async def bury(self, delivery: Delivery, reason: str) -> bool:
        await self._record("bury", delivery.receipt, reason)
        return self.can_bury

    async def stopped(self, delivery: Delivery, reason: StopReason) -> None:
        await self._record("stopped", delivery.receipt, reason)

    async def _record(self, *call: object) -> None:
        async with self.changed:
            self.calls.append(call)
            self.changed.notify_all()


def a_delivery(receipt: str, *, group: str | None = None, received: int = 1) -> Delivery:
    return Delivery(
        message_id=receipt,
        receipt=receipt,
        body="",
        group=group or receipt,
        received=received,
        traceparent=None,
    )


@asynccontextmanager
async def consuming(
    queue: Queue,
    handle: Callable[[Delivery], Awaitable[Outcome]],
    *,
    leases: Leases | None = None,
) -> AsyncGenerator[Consumer]:
    """Run a consumer while the block runs, from when it took all there is; then let it end."""
    leases = leases if leases is not None else Leases(queue.extend, visibility_s=30, heartbeat_s=60)
    consumer = Consumer(queue, handle, leases, LIMITS, on_stop=queue.stopped)  # pyright: ignore[reportArgumentType]
    running = asyncio.create_task(consumer.run())
    try:
        await queue.is_idle.wait()
        yield consumer
    finally:
        consumer.stop_receiving()
        queue.arrives.set()
        await asyncio.wait_for(running, timeout=5)


def outcomes(**by_receipt: Outcome) -> Callable[[Delivery], Awaitable[Outcome]]:
    async def handle(delivery: Delivery) -> Outcome:
        return by_receipt[delivery.receipt]

    return handle


@pytest.mark.parametrize(
    ("outcome", "calls"),
    [
        (Done(), [("delete", "a")]),
        (Retry(8), [("release", "a", 8)]),
        (DeadLetter("no sense"), [("bury", "a", "no sense"), ("delete", "a")]),
        (Dropped("fenced"), []),
    ],
)
async def test_each_outcome_has_its_calls(
    outcome: Outcome, calls: list[tuple[object, ...]]
) -> None:
    queue = Queue(polls=[[a_delivery("a")]])
    async with consuming(queue, outcomes(a=outcome)):
        pass

    assert queue.calls == calls


async def test_a_message_that_cannot_be_buried_stays() -> None:
    queue = Queue(polls=[[a_delivery("a")]], can_bury=False)
    async with consuming(queue, outcomes(a=DeadLetter("no sense"))):
        pass

    assert queue.calls == [("bury", "a", "no sense")]


@pytest.mark.parametrize("outcome", [Retry(2), Dropped("fenced")])
async def test_what_comes_after_a_message_that_did_not_end_is_given_back_unhandled(
    outcome: Outcome,
) -> None:
    group = [a_delivery(name, group="g") for name in ("a", "b", "c", "d")]
    handled: list[str] = []

    async def handle(delivery: Delivery) -> Outcome:
        handled.append(delivery.receipt)
        return outcome if delivery.receipt == "b" else Done()

    queue = Queue(polls=[group])
    async with consuming(queue, handle):
        await queue.until("release", "c", "d", 0)

    assert handled == ["a", "b"]


async def test_a_handler_that_breaks_costs_only_its_message() -> None:
    async def handle(delivery: Delivery) -> Outcome:
        if delivery.receipt == "bad":
            raise ZeroDivisionError
        return Done()

    queue = Queue(polls=[[a_delivery("bad", received=3), a_delivery("good")]])
    async with consuming(queue, handle):
        pass

    assert sorted(queue.calls, key=str) == [("delete", "good"), ("release", "bad", 8)]


async def test_a_receive_asks_for_no_more_than_there_is_room_for() -> None:
    finish = asyncio.Event()

    async def handle(_: Delivery) -> Outcome:
        await finish.wait()
        return Done()

    queue = Queue(polls=[[a_delivery("a")], [a_delivery("b"), a_delivery("c")]])
    async with consuming(queue, handle):
        finish.set()

    assert queue.limits[:3] == [4, 3, 1]


async def test_room_that_opens_bit_by_bit_is_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_module, "GATHER_S", 5.0)  # longer than all that ends below

    async def handle(delivery: Delivery) -> Outcome:
        for _ in range(5 * int(delivery.receipt)):  # each ends in a later turn of the loop
            await asyncio.sleep(0)
        return Done()

    queue = Queue(polls=[[a_delivery(receipt) for receipt in "1234"]])
    async with consuming(queue, handle):
        pass

    assert queue.limits == [4, 4]


async def test_what_the_last_poll_brings_is_given_back() -> None:
    queue = Queue(last=[a_delivery("a"), a_delivery("b")])
    async with consuming(queue, outcomes()):
        pass

    assert queue.calls == [("release", "a", "b", 0)]


async def test_a_job_that_is_cut_short_is_given_back_at_once() -> None:
    began = asyncio.Event()

    async def handle(_: Delivery) -> Outcome:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    queue = Queue(polls=[[a_delivery("a", group="g"), a_delivery("b", group="g")]])
    async with consuming(queue, handle) as consumer:
        await began.wait()
        consumer.cut_short()

    # Whoever receives it next must find the attempt excused.
    assert queue.calls == [
        ("stopped", "a", StopReason.DRAINING),
        ("release", "a", 0),
        ("release", "b", 0),
    ]


async def test_a_lost_message_is_not_touched() -> None:
    began = asyncio.Event()

    async def handle(_: Delivery) -> Outcome:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    queue = Queue(polls=[[a_delivery("a")]])
    leases = Leases(queue.extend, visibility_s=30, heartbeat_s=60)
    async with consuming(queue, handle, leases=leases):
        await began.wait()
        leases.stop_all(StopReason.LOST)

    assert queue.calls == [("stopped", "a", StopReason.LOST)]


async def test_an_outage_of_the_queue_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "POLL_BACKOFF_S", (0.001, 0.002))
    away = Unavailable("SQS is away.")
    queue = Queue(polls=[away, away, away, [a_delivery("a")]])
    async with consuming(queue, outcomes(a=Done())) as consumer:
        assert consumer.is_receiving

    assert queue.calls == [("delete", "a")]


async def test_it_is_not_ready_while_the_queue_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "POLL_BACKOFF_S", (0.001,))
    was_receiving: list[bool] = []

    @dataclass
    class Watched(Queue):
        async def receive(self, limit: int, *, wait_s: int, visibility_s: int) -> list[Delivery]:
            was_receiving.append(consumer.is_receiving)
            return await super().receive(limit, wait_s=wait_s, visibility_s=visibility_s)

    queue = Watched(polls=[Unavailable("SQS is away."), []])
    leases = Leases(queue.extend, visibility_s=30, heartbeat_s=60)
    consumer = Consumer(queue, outcomes(), leases, LIMITS, on_stop=queue.stopped)  # pyright: ignore[reportArgumentType]
    running = asyncio.create_task(consumer.run())
    await queue.is_idle.wait()
    consumer.stop_receiving()
    queue.arrives.set()
    await running

    # Before the first poll, after one that failed, after one that did not.
    assert was_receiving == [True, False, True]
    assert not consumer.is_receiving
