"""The user cancels: what was written stays, and the model's stream is closed."""

from __future__ import annotations

import asyncio

import pytest

from prosa import events
from prosa.conversation import FinishReason
from prosa.jobs import Excuse, Job, JobStatus
from prosa.store.jobs import JobStore
from tests.integration.worker.conftest import RunWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer


async def test_a_cancelled_stream_keeps_what_was_written(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(text="word " * 2_000, piece_chars=5, pieces_per_s=100))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        world.log.cancel(world.user_id, job.job_id)
        await eventually(lambda: world.has_ended(job))
        (request,) = llm.requests
        assert await asyncio.to_thread(request.ended.wait, 5.0)

    reply = world.reply(job)
    assert reply.finish_reason is FinishReason.CANCELLED
    assert 0 < len(reply.content) < 10_000
    assert reply.content == world.said(job)
    assert reply.usage is not None  # a closed stream was not free
    assert reply.usage.output_tokens > 0
    completed = world.events(job)[-1]
    assert isinstance(completed, events.ReplyCompleted)
    assert completed.finish_reason is FinishReason.CANCELLED
    assert world.job(job).status is JobStatus.CANCELLED
    assert request.is_aborted


async def test_a_stream_that_says_nothing_hears_of_its_cancellation(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(fault=Fault.HANG))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: llm.requests)
        world.log.cancel(world.user_id, job.job_id)
        await eventually(lambda: world.has_ended(job), timeout_s=3)
        (request,) = llm.requests
        assert await asyncio.to_thread(request.ended.wait, 5.0)

    assert world.reply(job).finish_reason is FinishReason.CANCELLED
    assert world.reply(job).content == ""
    assert request.is_aborted


async def test_a_stream_that_stalls_hears_of_its_cancellation(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(text="some words, then silence", fault=Fault.MID_HANG))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        world.log.cancel(world.user_id, job.job_id)
        await eventually(lambda: world.has_ended(job), timeout_s=3)

    assert world.reply(job).content == "some wor"


async def test_a_job_cancelled_in_the_queue_costs_no_model(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    job = world.ask()
    world.log.cancel(world.user_id, job.job_id)
    async with run_worker():
        await eventually(lambda: world.has_ended(job))

    assert world.job(job).status is JobStatus.CANCELLED
    assert llm.requests == []


async def test_a_cancellation_ends_the_wait_between_two_tries(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    """The same model would be asked again in 30 s, by the worker that has the job."""
    llm.script(Script(fault=Fault.STATUS, status=429, headers={"retry-after": "30"}))
    async with run_worker(PROSA_RETRY_ATTEMPTS="3", PROSA_RETRY_LONGEST_WISH_S="60"):
        job = world.ask()
        await eventually(lambda: llm.requests and llm.requests[0].ended.is_set())
        world.log.cancel(world.user_id, job.job_id)
        await eventually(lambda: world.has_ended(job), timeout_s=3)

    assert world.job(job).status is JobStatus.CANCELLED
    assert len(llm.requests) == 1


async def test_a_job_cancelled_between_two_attempts_ends_before_the_next(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=500))
    async with run_worker(PROSA_WORKER_BACKOFF_S="30"):
        job = world.ask()
        await eventually(lambda: world.job(job).status is JobStatus.QUEUED and llm.requests)
        ended = world.stop(job)
        assert ended.status is JobStatus.CANCELLED
        assert world.has_ended(job)
        # The message is still out; its conversation goes on when it is back.
        await eventually(lambda: world.in_flight() == 1)

    assert len(llm.requests) == 1
    assert world.job(job).attempt == 1
    assert world.reply(job).finish_reason is FinishReason.CANCELLED


async def test_a_job_stopped_behind_another_is_never_begun(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    held = Script(text="some words, then more", hold_after=2)
    llm.script(held)
    async with run_worker():
        first = world.ask("first")
        await eventually(lambda: world.said(first))
        second = world.ask_next("second", after=first)
        assert world.stop(second).status is JobStatus.CANCELLED
        assert world.kinds(second) == ["reply.completed"]
        held.gate.open()
        await eventually(world.is_queue_empty)

    assert world.reply(first).content == "some words, then more"
    assert world.kinds(second) == ["reply.completed"]
    assert world.job(second).attempt == 0
    assert len(llm.requests) == 1


async def test_a_mark_that_comes_as_the_job_is_given_back_is_seen(
    world: World, llm: LlmServer, run_worker: RunWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stops it finds it running still; its worker looks for the mark no more."""
    give_back = JobStore.give_back

    def just_marked(self: JobStore, job: Job, excuse: Excuse | None) -> bool:
        world.log.cancel(world.user_id, job.job_id)
        return give_back(self, job, excuse)

    monkeypatch.setattr(JobStore, "give_back", just_marked)
    llm.script(Script(fault=Fault.STATUS, status=500))
    async with run_worker(PROSA_WORKER_BACKOFF_S="60"):
        job = world.ask()
        await eventually(lambda: world.has_ended(job), timeout_s=10)

    assert world.job(job).status is JobStatus.CANCELLED
    assert len(llm.requests) == 1


async def test_the_next_question_is_answered_after_a_cancelled_one(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.answer("first", Script(text="some words, then silence", fault=Fault.MID_HANG))
    async with run_worker():
        first = world.ask("first")
        await eventually(lambda: world.said(first))
        second = world.ask_next("second", after=first)
        world.log.cancel(world.user_id, first.job_id)
        await eventually(lambda: world.has_ended(second))

    shown = [turn["content"] for turn in llm.requests[-1].body["input"]]
    assert shown == ["first", "some wor", "second"]
