"""Which attempts count: what models and crashes do, never what befalls the worker from outside."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import pytest

from prosa.errors import Unavailable
from prosa.jobs import Excuse, JobStatus
from prosa.store.jobs import Claimed, JobStore
from prosa.store.table import Table
from tests.faults.proxies.tcp_proxy import TcpProxy
from tests.integration.worker.conftest import RunWorker, StartWorker
from tests.integration.worker.test_outages import aws_proxy, by_proxy
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer
from worker import handle_job, store_threads
from worker.handle_job import MAX_ATTEMPTS
from worker.jobs_in_hand import SUSPECT_CRASHES

__all__ = ["aws_proxy", "by_proxy"]

HELD = Script(text="never to its end", hold_after=2)


def excuses(world: World, job: object) -> list[Excuse | None]:
    return [attempt.excused for attempt in world.job(job).attempts]  # pyright: ignore[reportArgumentType]


async def test_more_deploys_than_tries_do_not_fail_a_job(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    deploys = MAX_ATTEMPTS + 1
    llm.script(*[HELD] * deploys)
    llm.default = Script(text="by a worker that was let live")
    job = world.ask()
    for number in range(1, deploys + 1):
        worker = start_worker(PROSA_WORKER_STOP_TIMEOUT_S="0")
        await eventually(lambda n=number: world.said(job, attempt=n))
        worker.send(signal.SIGTERM)
        await eventually(lambda w=worker: w.exit_code is not None)
        given_back = world.job(job)
        assert worker.exit_code == 0
        assert (given_back.status, given_back.attempt) == (JobStatus.QUEUED, number)
        assert given_back.tries == 0
    start_worker()
    await eventually(lambda: world.has_ended(job))

    assert world.reply(job).content == "by a worker that was let live"
    assert excuses(world, job) == [*[Excuse.DRAINING] * deploys, None]
    assert world.job(job).tries == 1


async def test_a_claim_that_is_under_way_when_the_worker_ends_does_not_count(
    world: World, run_worker: RunWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_claiming, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    claim = JobStore.claim

    def slow(self: JobStore, *args: object, **more: object) -> object:
        claimed = claim(self, *args, **more)  # pyright: ignore[reportArgumentType]
        loop.call_soon_threadsafe(is_claiming.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
        return claimed

    monkeypatch.setattr(JobStore, "claim", slow)
    async with run_worker():
        job = world.ask()
        await is_claiming.wait()
        loop.call_later(0.1, go_on.set)

    assert excuses(world, job) == [Excuse.DRAINING]
    assert world.job(job).status is JobStatus.QUEUED


async def test_failures_of_the_model_count_and_wait_in_the_table_too(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=500))
    async with run_worker(PROSA_WORKER_BACKOFF_S="60"):
        job = world.ask()
        await eventually(lambda: world.job(job).status is JobStatus.QUEUED and llm.requests)
        await eventually(lambda: world.in_flight() == 1)

    assert world.job(job).tries == 1
    assert excuses(world, job) == [None]


async def test_a_message_that_cannot_be_kept_costs_no_try(
    world: World,
    llm: LlmServer,
    run_worker: RunWorker,
    aws_proxy: TcpProxy,
    by_proxy: Callable[[str], None],
) -> None:
    llm.script(HELD, Script(text="the second time"))
    by_proxy("SQS")
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        aws_proxy.block()
        await eventually(lambda: llm.requests[0].is_aborted)
        aws_proxy.unblock()
        await eventually(lambda: world.has_ended(job))

    assert excuses(world, job) == [Excuse.LEASE_LOST, None]
    assert world.job(job).tries == 1


async def test_an_outage_of_the_table_costs_no_try(
    world: World,
    llm: LlmServer,
    run_worker: RunWorker,
    aws_proxy: TcpProxy,
    by_proxy: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing can be written while it lasts, so the excuse is written when it is over."""
    monkeypatch.setattr(store_threads, "PATIENCE_S", 0.5)
    monkeypatch.setattr(handle_job, "OUTAGE_RETRY_S", 1)
    held = Script(text="not stored the first time", hold_after=3)
    llm.script(held, Script(text="the second time"))
    by_proxy("DYNAMODB")
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        aws_proxy.block()
        held.gate.open()
        await eventually(lambda: world.in_flight() == 0)  # given back
        aws_proxy.unblock()
        await eventually(lambda: world.has_ended(job))

    assert excuses(world, job) == [Excuse.OUTAGE, None]
    assert world.reply(job).content == "the second time"


async def test_a_worker_that_froze_costs_no_try(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    held = Script(text="from the zombie", hold_after=3)
    llm.script(held, HELD)
    zombie = start_worker(PROSA_WORKER_HEARTBEAT_S="60")
    job = world.ask()
    await eventually(lambda: world.said(job, attempt=1))
    zombie.send(signal.SIGSTOP)
    start_worker(PROSA_WORKER_STOP_TIMEOUT_S="0")
    await eventually(lambda: world.said(job, attempt=2))
    held.gate.open()
    zombie.send(signal.SIGCONT)
    await eventually(lambda: zombie.logged("fenced"))
    await eventually(lambda: zombie.is_idle)

    assert excuses(world, job) == [Excuse.LEASE_LOST, None]
    assert world.job(job).tries == 1


async def test_a_crash_counts(world: World, llm: LlmServer, start_worker: StartWorker) -> None:
    llm.script(HELD)
    worker = start_worker()
    job = world.ask()
    await eventually(lambda: world.said(job))
    worker.send(signal.SIGKILL)
    await eventually(lambda: worker.exit_code is not None)
    start_worker()
    await eventually(lambda: world.has_ended(job))

    assert excuses(world, job) == [None, None]
    assert world.job(job).tries == 2


def test_a_claim_whose_answer_was_lost_counts_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = world.accept()
    update = Table.update

    def and_lose_the_answer(self: Table, *args: object, **more: object) -> object:
        update(self, *args, **more)  # pyright: ignore[reportArgumentType]
        raise Unavailable("The answer was lost.")

    monkeypatch.setattr(Table, "update", and_lose_the_answer)
    with pytest.raises(Unavailable):
        world.jobs.claim(job.job_id, "worker", token="one claim")
    monkeypatch.undo()
    again = world.jobs.claim(job.job_id, "worker", token="one claim")

    assert isinstance(again, Claimed)
    assert again.job.attempt == 1
    later = world.jobs.claim(job.job_id, "worker", token="another")
    assert isinstance(later, Claimed)
    assert later.job.attempt == 2


async def test_jobs_that_may_kill_their_worker_run_one_at_a_time(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    """So that the one that does takes no other one to its last try."""
    held = Script(text="harmless after all", hold_after=0)
    llm.default = held
    jobs = [world.ask("A suspect"), world.ask("Another"), world.ask("No suspect")]
    for job, crashes in zip(jobs, (2, 2, 1), strict=True):
        for _ in range(crashes):
            world.jobs.claim(job.job_id, "a worker that died")
    for _ in range(SUSPECT_CRASHES):
        assert len(world.queue.receive(10, wait_s=1, visibility_s=0)) == len(jobs)

    async with run_worker():
        await eventually(lambda: len(llm.requests) == 2)
        await eventually(lambda: world.in_flight() == len(jobs))
        assert sorted(world.job(job).attempt for job in jobs) == [2, 2, 3]
        held.gate.open()
        for job in jobs:
            await eventually(lambda job=job: world.has_ended(job))

    assert [world.job(job).attempt for job in jobs] == [3, 3, 2]
