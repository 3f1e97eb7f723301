"""Replies come in the order of their questions; other conversations never wait."""

from __future__ import annotations

import time

from prosa.jobs import JobStatus
from tests.integration.worker.conftest import RunWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer

SERVER_ERROR = Script(fault=Fault.STATUS, status=500)


async def test_questions_of_one_conversation_are_answered_in_order(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    jobs = [world.ask("question 0")]
    for number in range(1, 5):
        jobs.append(world.ask_next(f"question {number}", after=jobs[-1]))
    async with run_worker():  # all five are there: one receive brings them together
        await eventually(lambda: world.has_ended(jobs[-1]))

    assert [request.question for request in llm.requests] == [f"question {n}" for n in range(5)]
    ended = [e.job_id for e in world.events() if e.type == "reply.completed"]
    assert ended == [job.job_id for job in jobs]
    # Each was shown the reply to the one before.
    assert [len(request.body["input"]) for request in llm.requests] == [1, 3, 5, 7, 9]


async def test_a_question_never_overtakes_one_that_is_tried_again(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    first = world.ask("first")
    second = world.ask_next("second", after=first)
    llm.answer("first", SERVER_ERROR, SERVER_ERROR)
    async with run_worker():
        await eventually(lambda: world.has_ended(second))

    assert [request.question for request in llm.requests] == ["first", "first", "first", "second"]
    assert world.job(first).attempt == 3
    assert world.job(second).attempt == 1
    ended = [e.job_id for e in world.events() if e.type == "reply.completed"]
    assert ended == [first.job_id, second.job_id]


async def test_a_failed_question_lets_the_next_go(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    first = world.ask("first")
    second = world.ask_next("second", after=first)
    llm.answer("first", Script(fault=Fault.STATUS, status=401))
    async with run_worker():
        await eventually(lambda: world.has_ended(second))

    assert world.job(first).status is JobStatus.FAILED
    # The failed reply is not shown, its question is, as one turn with the next.
    (turn,) = llm.requests[-1].body["input"]
    assert turn["content"] == "first\n\nsecond"


async def test_ten_conversations_are_answered_side_by_side(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    script = Script(text="x" * 40, hold_after=2)
    llm.default = script
    jobs = [world.ask(f"question {number}") for number in range(10)]
    async with run_worker():
        # None ends before all have begun.
        await eventually(lambda: all(world.said(job) for job in jobs))
        script.gate.open()
        await eventually(lambda: all(world.has_ended(job) for job in jobs))


async def test_no_more_is_received_than_there_is_room_for(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    script = Script(text="x" * 40, hold_after=2)
    llm.default = script
    jobs = [world.ask(f"question {number}") for number in range(6)]
    async with run_worker(PROSA_WORKER_CONCURRENCY="2"):
        await eventually(lambda: len(llm.requests) == 2)
        assert world.in_flight() == 2
        assert world.waiting() == 4
        script.gate.open()
        await eventually(lambda: all(world.has_ended(job) for job in jobs))


async def test_a_message_that_waits_its_turn_is_kept_invisible(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    script = Script(text="x" * 40, hold_after=2)
    llm.answer("first", script)
    first = world.ask("first")
    second = world.ask_next("second", after=first)
    async with run_worker():
        await eventually(lambda: world.said(first))
        began = time.monotonic()
        # Longer than the visibility of 2 s: without the heartbeat both would be visible again.
        await eventually(lambda: time.monotonic() - began > 4)
        assert world.in_flight() == 2
        script.gate.open()
        await eventually(lambda: world.has_ended(second))

    assert world.job(first).attempt == 1
    assert world.job(second).attempt == 1
