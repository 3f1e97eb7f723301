"""Background tasks are kept alive, heard of when they fail, and the loops started again."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from ws_gateway import tasks
from ws_gateway.tasks import BackgroundTasks, keep_running


async def test_a_task_nobody_holds_is_not_collected() -> None:
    done, go = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    background = BackgroundTasks()
    background.start(work(), name="work")
    await asyncio.sleep(0)
    gc.collect()
    go.set()
    async with asyncio.timeout(5):
        await done.wait()


async def test_a_failure_is_logged_with_the_tasks_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError

    with caplog.at_level(logging.ERROR):
        await asyncio.wait([BackgroundTasks().start(fail(), name="a task")])
    (record,) = caplog.records
    assert (record.getMessage(), vars(record)["task"]) == ("task_failed", "a task")


async def test_cancel_waits_for_the_end() -> None:
    has_ended = False

    async def work() -> None:
        nonlocal has_ended
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            has_ended = True

    background = BackgroundTasks()
    background.start(work(), name="work")
    await asyncio.sleep(0)
    await background.cancel()
    assert has_ended


async def test_a_loop_that_fails_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RESTART_AFTER_S", 0)
    runs = 0
    is_up = asyncio.Event()

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError
        is_up.set()
        await asyncio.Event().wait()

    background = BackgroundTasks()
    background.start(keep_running(loop), name="loop")
    async with asyncio.timeout(5):
        await is_up.wait()
    await background.cancel()
    assert runs == 3
