"""`worker.leases`: held messages stay invisible; one that cannot be kept stops its job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from prosa.errors import Unavailable
from prosa.job_queue import Delivery
from worker.leases import Leases
from worker.stopping import Stopped, StopReason

BEAT_S = 0.02


class Sqs:
    """Counts what it is asked; refuses what the test says."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.refused: set[str] = set()
        self.is_away = False
        self.beat = asyncio.Event()

    async def extend(self, receipts: Sequence[str], visibility_s: int) -> list[str]:
        assert visibility_s == 30
        self.calls.append(list(receipts))
        self.beat.set()
        if self.is_away:
            raise Unavailable("SQS is away.")
        return [r for r in receipts if r in self.refused]

    async def beats(self, count: int) -> None:
        begin = len(self.calls)
        while len(self.calls) < begin + count:
            self.beat.clear()
            await self.beat.wait()


def a_delivery(receipt: str) -> Delivery:
    return Delivery(
        message_id=receipt, receipt=receipt, body="", group="g", received=1, traceparent=None
    )


@asynccontextmanager
async def beating(leases: Leases) -> AsyncGenerator[None]:
    task = asyncio.create_task(leases.keep())
    try:
        yield
    finally:
        task.cancel()


@pytest.fixture
async def sqs() -> Sqs:
    return Sqs()


@pytest.fixture
def leases(sqs: Sqs) -> Leases:
    return Leases(sqs.extend, visibility_s=30, heartbeat_s=BEAT_S)


async def test_all_held_messages_are_renewed_ten_to_a_call(leases: Leases, sqs: Sqs) -> None:
    for number in range(23):
        leases.hold(a_delivery(str(number)))
    async with beating(leases):
        await sqs.beats(3)

    assert [len(call) for call in sqs.calls[:3]] == [10, 10, 3]


async def test_a_settled_message_is_not_renewed(leases: Leases, sqs: Sqs) -> None:
    settled, kept = leases.hold(a_delivery("settled")), leases.hold(a_delivery("kept"))
    leases.let_go(settled)
    async with beating(leases):
        await sqs.beats(1)

    assert sqs.calls[0] == ["kept"]
    assert len(leases) == 1
    assert kept.scope.reason is None


async def test_one_missed_beat_is_forgiven(leases: Leases, sqs: Sqs) -> None:
    lease = leases.hold(a_delivery("a"))
    async with beating(leases):
        for _ in range(3):
            sqs.refused = {"a"}
            await sqs.beats(1)
            sqs.refused = set()
            await sqs.beats(1)

    assert lease.scope.reason is None


@pytest.mark.parametrize("how", ["refused", "away"])
async def test_two_missed_beats_stop_the_job(leases: Leases, sqs: Sqs, how: str) -> None:
    lease = leases.hold(a_delivery("a"))
    sqs.refused, sqs.is_away = {"a"}, how == "away"
    async with beating(leases):
        with pytest.raises(Stopped) as caught:
            async with lease.scope:
                await asyncio.Event().wait()

    assert caught.value.reason is StopReason.LOST
    assert len(sqs.calls) == 2
    assert len(leases) == 0


async def test_only_the_refused_message_is_lost(leases: Leases, sqs: Sqs) -> None:
    lost, kept = leases.hold(a_delivery("lost")), leases.hold(a_delivery("kept"))
    sqs.refused = {"lost"}
    async with beating(leases):
        await sqs.beats(3)

    assert lost.scope.reason is StopReason.LOST
    assert kept.scope.reason is None


async def test_a_lease_that_ran_out_in_a_freeze_is_lost_without_asking(
    leases: Leases, sqs: Sqs, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, other = leases.hold(a_delivery("a")), leases.hold(a_delivery("b"))
    leases.let_go(other)
    now: Callable[[], float] = time.monotonic
    monkeypatch.setattr("worker.leases.time.monotonic", lambda: now() + 31)
    fresh = leases.hold(a_delivery("fresh"))
    async with beating(leases):
        await sqs.beats(1)

    assert lease.scope.reason is StopReason.LOST
    assert sqs.calls[0] == ["fresh"]
    assert fresh.scope.reason is None


async def test_a_message_is_given_back_only_after_the_beat_that_is_under_way(sqs: Sqs) -> None:
    answer, asked = asyncio.Event(), asyncio.Event()

    async def extend(receipts: Sequence[str], visibility_s: int) -> list[str]:
        asked.set()
        await answer.wait()
        return await sqs.extend(receipts, visibility_s)

    leases = Leases(extend, visibility_s=30, heartbeat_s=BEAT_S)
    lease = leases.hold(a_delivery("a"))
    async with beating(leases):
        await asked.wait()
        letting_go = asyncio.create_task(leases.let_go_for_release(lease))
        await asyncio.sleep(0)
        assert not letting_go.done()
        answer.set()
        await letting_go

    assert sqs.calls == [["a"]]
