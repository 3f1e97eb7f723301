"""A provider's outage as its users meet it: passed over, refused at once, found well again."""

from __future__ import annotations

import time

from prosa import events
from prosa.breakers.door import wait_for_any
from prosa.conversation import FinishReason
from prosa.jobs import JobStatus
from tests.integration.worker.conftest import RunWorker, StartWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Fault, Script
from tests.llm_server.server import LlmServer

DOWN = Script(fault=Fault.STATUS, status=500)
MODELS = ["openai:test", "anthropic:test"]
OUTAGE = {
    "PROSA_MODELS": ",".join(MODELS),
    "PROSA_BREAKER_MAX_FAILURES": "5",
    "PROSA_BREAKER_RESET_S": "3",
    "PROSA_RETRY_ATTEMPTS": "3",
    "PROSA_RETRY_BACKOFF_S": "0.01",
    "PROSA_RETRY_RESERVE": "10",
}


async def test_another_model_takes_over_and_is_named(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    llm.script(DOWN, Script(text="said by the second"))
    async with run_worker(PROSA_MODELS=",".join(MODELS)):
        job = world.ask()
        await eventually(lambda: world.has_ended(job))

    assert world.job(job).attempt == 1
    assert world.kinds(job) == ["reply.started", "reply.delta", "reply.completed"]
    started = [e.model for e in world.events(job) if isinstance(e, events.ReplyStarted)]
    assert started == MODELS
    assert world.said(job) == "said by the second"
    reply = world.reply(job)
    assert (reply.content, reply.model) == ("said by the second", "anthropic:test")
    assert world.events(job)[-1].message.model == "anthropic:test"


async def test_the_story_of_an_outage(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    worker = start_worker(**OUTAGE)
    llm.default = DOWN
    first = world.ask("the one that finds out")
    await eventually(lambda: wait_for_any(world.redis, MODELS) > 0)
    await eventually(lambda: world.has_ended(first))

    # All circuits are open: no attempt of the queue's is used up, nobody is kept waiting.
    opened = wait_for_any(world.redis, MODELS)
    assert opened > 0
    calls, began = len(llm.requests), time.monotonic()
    second = world.ask("while all are open")
    await eventually(lambda: world.has_ended(second))
    assert time.monotonic() - began < opened
    assert len(llm.requests) == calls
    assert world.job(second).attempt == 1
    assert world.job(second).status is JobStatus.FAILED
    failed = world.events(second)[-1]
    assert isinstance(failed, events.ReplyFailed)
    assert (failed.code, failed.retryable) == ("models_unavailable", True)
    assert failed.retry_after_s is not None
    assert 1 <= failed.retry_after_s <= 3
    stored = world.reply(second)
    assert stored.finish_reason is FinishReason.FAILED
    assert stored.failure is not None
    assert stored.failure.retry_after_s == failed.retry_after_s
    await eventually(world.is_queue_empty)

    # The provider is well again: the next message tries it out and is answered.
    llm.default = Script(text="well again")
    await eventually(lambda: wait_for_any(world.redis, MODELS) == 0)
    third = world.ask("after it")
    await eventually(lambda: world.has_ended(third))
    assert world.reply(third).content == "well again"

    states = {(line["model"], line["state"]) for line in worker.logged("breaker_changed")}
    assert {(model, "open") for model in MODELS} <= states
    assert ("openai:test", "closed") in states
    metrics = worker.get("/metrics")[1]
    assert 'prosa_worker_breaker_changes_total{model="openai:test",state="open"} 1.0' in metrics
