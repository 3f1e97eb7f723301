"""A job from the queue to its one stored and told end, in one worker on real parts."""

from __future__ import annotations

import pytest

from prosa import events
from prosa.conversation import FinishReason
from prosa.jobs import JobStatus
from tests.builders import an_acceptance
from tests.integration.worker.conftest import RunWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer


@pytest.mark.parametrize("models", ["openai:test", "anthropic:test"])
async def test_a_question_gets_its_reply(
    world: World, llm: LlmServer, run_worker: RunWorker, models: str
) -> None:
    llm.script(Script(text="I am Prosa, a chat assistant. 你好!", pieces_per_s=200))
    async with run_worker(PROSA_MODELS=models):
        job = world.ask("Who are you?")
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)

    reply = world.reply(job)
    assert reply.content == "I am Prosa, a chat assistant. 你好!"
    assert reply.finish_reason is FinishReason.STOP
    assert reply.model == models
    assert reply.usage is not None
    assert reply.usage.input_tokens == 11
    assert world.job(job).status is JobStatus.DONE
    assert world.job(job).attempt == 1
    assert world.kinds(job) == ["reply.started", "reply.delta", "reply.completed"]
    assert world.said(job) == reply.content
    completed = world.events(job)[-1]
    assert isinstance(completed, events.ReplyCompleted)
    assert completed.message == reply


async def test_deltas_stand_in_order_without_a_gap(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(Script(text="ação " * 200, piece_chars=3, pieces_per_s=500))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    deltas = [e for e in world.events(job) if isinstance(e, events.ReplyDelta)]
    assert len(deltas) > 3
    offset = 0
    for delta in deltas:
        assert delta.index == offset
        offset += len(delta.text)
    assert offset == len(world.reply(job).content)


async def test_the_model_is_shown_the_conversation(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    async with run_worker():
        first = world.ask("My name is Iracema")
        await eventually(lambda: world.has_ended(first))
        second = world.ask_next("What is my name?", after=first)
        await eventually(lambda: world.has_ended(second))

    shown = [(turn["role"], turn["content"]) for turn in llm.requests[1].body["input"]]
    assert shown == [
        ("user", "My name is Iracema"),
        ("assistant", "You said: My name is Iracema"),
        ("user", "What is my name?"),
    ]


async def test_the_model_that_was_asked_for_answers(world: World, run_worker: RunWorker) -> None:
    async with run_worker(PROSA_MODELS="openai:test,anthropic:test"):
        job = world.accept()
        chosen = world.accept(model="anthropic:test")
        gone = world.accept(model="openai:retired")
        for each in (job, chosen, gone):
            world.send(each)
            await eventually(lambda each=each: world.has_ended(each))

    assert world.reply(job).model == "openai:test"
    assert world.reply(chosen).model == "anthropic:test"
    assert world.reply(gone).model == "openai:test"


async def test_a_long_reply_is_whole(world: World, llm: LlmServer, run_worker: RunWorker) -> None:
    text = "".join(f"{n:07d} " for n in range(10_000))
    llm.script(Script(text=text, piece_chars=500))
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    assert len(text) > 64 * 1024
    assert world.reply(job).content == text
    assert world.said(job) == text
    assert world.events(job)[-1].message.content == text


async def test_an_unreadable_message_is_buried_with_its_reason(
    world: World, run_worker: RunWorker
) -> None:
    world.queue.send_body("{not json", group="g", deduplication_id="d", reason="-")
    async with run_worker():
        await eventually(lambda: world.dead_letters())
        await eventually(world.is_queue_empty)

    (letter,) = world.dead_letters()
    assert letter["Body"] == "{not json"
    assert "Invalid JSON" in letter["MessageAttributes"]["reason"]["StringValue"]


async def test_a_job_that_never_was_is_buried(world: World, run_worker: RunWorker) -> None:
    never_accepted = an_acceptance(user_id=world.user_id).job
    async with run_worker():
        world.send(never_accepted)
        (letter,) = await eventually(world.dead_letters)

    assert letter["MessageAttributes"]["reason"]["StringValue"] == "There is no such job."


async def test_a_reply_to_a_deleted_conversation_is_abandoned(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    script = Script(text="x" * 40, hold_after=2)
    llm.script(script)
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.said(job))
        world.conversations.delete(world.user_id, job.conversation_id)
        script.gate.open()
        await eventually(lambda: world.is_final(job))
        await eventually(world.is_queue_empty)

    assert world.job(job).status is JobStatus.CANCELLED
    assert "reply.completed" not in world.kinds(job)


async def test_a_conversation_deleted_before_its_turn_costs_no_model(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    job = world.ask()
    world.conversations.delete(world.user_id, job.conversation_id)
    async with run_worker():
        await eventually(lambda: world.is_final(job))
        await eventually(world.is_queue_empty)

    assert llm.requests == []
