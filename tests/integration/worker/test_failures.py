"""Models fail: what passes is tried again, what does not is stored and told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from prosa import events
from prosa.conversation import FinishReason
from prosa.jobs import JobStatus
from tests.integration.worker.conftest import RunWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer


@pytest.mark.parametrize(
    ("status", "code"), [(500, "model_unavailable"), (429, "model_rate_limited")]
)
async def test_four_attempts_fail_and_the_failure_is_stored_and_told(
    world: World, llm: LlmServer, run_worker: RunWorker, status: int, code: str
) -> None:
    llm.default = Script(fault=Fault.STATUS, status=status, error={"message": "no"})
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)

    assert len(llm.requests) == 4
    began = [attempt.started_at for attempt in world.job(job).attempts]
    waits = [(after - before).total_seconds() for before, after in pairwise(began)]
    assert [int(wait) for wait in waits] == [1, 2, 4]  # the base is 1 s here
    assert world.job(job).status is JobStatus.FAILED
    reply = world.reply(job)
    assert reply.finish_reason is FinishReason.FAILED
    assert reply.failure is not None
    assert reply.failure.code == code
    assert reply.failure.retryable
    failed = world.events(job)[-1]
    assert isinstance(failed, events.ReplyFailed)
    assert (failed.code, failed.detail) == (code, reply.failure.detail)
    assert world.dead_letters() == []


async def test_a_wish_to_wait_longer_is_respected(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=429, headers={"retry-after": "3"}))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    first, second = (attempt.started_at for attempt in world.job(job).attempts)
    assert (second - first).total_seconds() >= 3
    assert world.job(job).status is JobStatus.DONE


async def test_a_long_wish_frees_the_place_for_another_reply(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    limited = Script(fault=Fault.STATUS, status=429, headers={"retry-after": "30"})
    llm.answer("first", limited)
    async with run_worker(PROSA_RETRY_ATTEMPTS="3", PROSA_WORKER_CONCURRENCY="1"):
        first = world.ask("first")
        await eventually(lambda: llm.requests)
        other = world.ask("other")
        await eventually(lambda: world.has_ended(other), timeout_s=15)

    assert world.reply(other).content == "You said: other"
    waiting = world.job(first)
    assert (waiting.status, waiting.tries) == (JobStatus.QUEUED, 1)


async def test_a_stream_that_is_cut_is_started_over(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(
        Script(text="half of it, then not", fault=Fault.MID_CUT, fault_after=3),
        Script(text="all of it"),
    )
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    assert world.reply(job).content == "all of it"
    started = [e.attempt for e in world.events(job) if e.type == "reply.started"]
    assert started == [1, 2]
    assert world.said(job, attempt=2) == "all of it"


async def test_a_final_error_is_not_tried_again(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(fault=Fault.STATUS, status=401))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    assert len(llm.requests) == 1
    failure = world.reply(job).failure
    assert failure is not None
    assert failure.code == "model_misconfigured"
    assert "sk-" not in failure.detail


async def test_a_question_too_long_for_the_model_fails_without_asking_it(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    async with run_worker(PROSA_EXTERNAL_CONTEXT_TOKENS="1000"):
        job = world.ask("word " * 1_500)
        await eventually(lambda: world.has_ended(job))

    failure = world.reply(job).failure
    assert failure is not None
    assert failure.code == "context_too_long"
    assert not failure.retryable
    assert llm.requests == []


async def test_a_model_that_takes_too_long_is_stopped(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(text="x" * 40, hold_after=2))
    async with run_worker(PROSA_WORKER_DEADLINE_S="1"):
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    assert world.events(job)[-1].code == "deadline_exceeded"
    assert llm.requests[0].is_aborted


async def test_a_job_that_was_claimed_too_often_ends(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    job = world.accept()
    for worker in ("a", "b", "c", "d"):  # four workers that died of it
        world.jobs.claim(job.job_id, worker)
    async with run_worker():
        world.send(job)
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)

    assert world.events(job)[-1].code == "worker_crashed"
    assert world.job(job).status is JobStatus.FAILED
    assert llm.requests == []


async def test_a_missing_key_fails_the_job_and_says_so(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    async with run_worker(PROSA_PARAMETERS="/prosa/nowhere"):
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    assert world.events(job)[-1].code == "model_misconfigured"
    assert llm.requests == []
