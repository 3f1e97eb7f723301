"""The user cancels: what was written stays, and the model's stream is closed."""

from __future__ import annotations

import asyncio

from prosa import events
from prosa.conversation import FinishReason
from prosa.jobs import JobStatus
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

    assert world.reply(job).finish_reason is FinishReason.CANCELLED
    assert world.reply(job).content == ""


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


async def test_a_job_cancelled_between_two_attempts_ends(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=500))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: llm.requests)
        world.log.cancel(world.user_id, job.job_id)
        await eventually(lambda: world.has_ended(job))

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
