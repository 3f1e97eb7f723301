"""`worker.stopping`: blocks that end with a reason, and leave cancellation alone."""

from __future__ import annotations

import asyncio

import pytest

from worker.stopping import Stopped, StopReason, StopScope


async def test_a_stopped_block_ends_with_its_reason() -> None:
    scope = StopScope()

    async def stop_soon() -> None:
        await asyncio.sleep(0)
        scope.stop(StopReason.LOST)

    stopping = asyncio.create_task(stop_soon())
    with pytest.raises(Stopped) as caught:
        async with scope:
            await asyncio.Event().wait()
    await stopping

    assert caught.value.reason is StopReason.LOST


async def test_the_first_reason_counts() -> None:
    async def block() -> None:
        async with StopScope() as scope:
            scope.stop(StopReason.CANCELLED)
            scope.stop(StopReason.DRAINING)
            await asyncio.Event().wait()

    with pytest.raises(Stopped) as caught:
        await block()

    assert caught.value.reason is StopReason.CANCELLED


async def test_a_block_stopped_before_it_begins_ends_at_once() -> None:
    scope = StopScope()
    scope.stop(StopReason.DRAINING)

    with pytest.raises(Stopped):
        async with scope:
            await asyncio.Event().wait()


async def test_a_deadline_is_a_reason() -> None:
    with pytest.raises(Stopped) as caught:
        async with StopScope(deadline_s=0.01):
            await asyncio.Event().wait()

    assert caught.value.reason is StopReason.DEADLINE


async def test_a_block_that_ended_is_not_stopped() -> None:
    scope = StopScope()
    async with scope:
        pass
    scope.stop(StopReason.LOST)
    await asyncio.sleep(0)


async def test_cancellation_from_outside_passes_through() -> None:
    entered = asyncio.Event()

    async def block() -> None:
        async with StopScope():
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await entered.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_outer_of_two_blocks_passes_through_the_inner() -> None:
    outer, inner = StopScope(), StopScope(deadline_s=60)

    async def block() -> None:
        async with outer, inner:
            outer.stop(StopReason.LOST)
            await asyncio.Event().wait()

    with pytest.raises(Stopped) as caught:
        await block()

    assert caught.value.reason is StopReason.LOST
    assert inner.reason is None
