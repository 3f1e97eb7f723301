"""SIGTERM: nothing stays in flight, and the process ends in its time."""

from __future__ import annotations

import signal
import time

from prosa.jobs import JobStatus
from tests.integration.worker.conftest import StartWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer


async def test_running_replies_are_finished_before_the_end(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    script = Script(text="to the very end", hold_after=2)
    llm.default = script
    worker = start_worker()
    jobs = [world.ask(f"question {number}") for number in range(3)]
    await eventually(lambda: all(world.said(job) for job in jobs))

    worker.send(signal.SIGTERM)
    await eventually(lambda: worker.get("/readyz")[0] == 503)
    # Longer than the visibility of 2 s: the heartbeat goes on while it drains.
    began = time.monotonic()
    await eventually(lambda: time.monotonic() - began > 3)
    assert world.in_flight() == 3
    script.gate.open()
    await eventually(lambda: worker.exit_code is not None)

    assert worker.exit_code == 0
    assert world.is_queue_empty()
    assert [world.reply(job).content for job in jobs] == ["to the very end"] * 3
    assert [world.job(job).attempt for job in jobs] == [1, 1, 1]


async def test_what_cannot_be_finished_is_given_back_at_once(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    llm.script(Script(text="never to its end", hold_after=2))
    llm.default = Script(text="by the next worker")
    worker = start_worker(PROSA_WORKER_STOP_TIMEOUT_S="0.5", PROSA_WORKER_VISIBILITY_S="60")
    first = world.ask("first")
    second = world.ask_next("second", after=first)
    await eventually(lambda: world.said(first))

    worker.send(signal.SIGTERM)
    await eventually(lambda: worker.exit_code is not None)

    assert worker.exit_code == 0
    assert world.in_flight() == 0
    assert world.waiting() == 2
    start_worker()
    await eventually(lambda: world.has_ended(second))
    assert world.reply(first).content == "by the next worker"
    assert world.job(first).status is JobStatus.DONE
    assert world.job(first).attempt == 2
    assert world.job(second).attempt == 1


async def test_a_message_that_the_last_poll_brings_is_given_back(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    worker = start_worker(PROSA_WORKER_POLL_WAIT_S="5", PROSA_WORKER_VISIBILITY_S="60")
    worker.send(signal.SIGTERM)
    await eventually(lambda: worker.logged("draining"))
    world.ask()
    await eventually(lambda: worker.exit_code is not None)

    assert worker.exit_code == 0
    assert world.in_flight() == 0
    assert world.waiting() == 1
    assert llm.requests == []


async def test_a_second_signal_does_not_wait_for_replies(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    llm.script(Script(text="never to its end", hold_after=2))
    worker = start_worker()
    job = world.ask()
    await eventually(lambda: world.said(job))

    worker.send(signal.SIGTERM)
    await eventually(lambda: worker.logged("draining"))
    worker.send(signal.SIGTERM)
    await eventually(lambda: worker.exit_code is not None, timeout_s=8)

    assert worker.exit_code == 0
    assert world.in_flight() == 0


async def test_wrong_settings_end_the_process_with_two(start_worker: StartWorker) -> None:
    worker = start_worker(is_ready=False, PROSA_MODELS="nobody:knows")
    await eventually(lambda: worker.exit_code is not None)

    assert worker.exit_code == 2
    assert any("PROSA_MODELS" in line for line in worker.lines)


async def test_a_worker_without_local_models_imports_no_torch(
    world: World, start_worker: StartWorker
) -> None:
    worker = start_worker()
    job = world.ask()
    await eventually(lambda: world.has_ended(job))

    status, metrics = worker.get("/metrics")
    assert status == 200
    assert 'prosa_worker_outcomes_total{outcome="done"} 1.0' in metrics
    assert worker.get("/healthz") == (200, "ok\n")
    assert not worker.has_loaded("libtorch")
