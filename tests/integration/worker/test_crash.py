"""Workers that die, freeze or come twice: the reader sees one reply, and it is the stored one.

Each test is a line of the crash matrix; the workers are processes, the faults are signals.
"""

from __future__ import annotations

import signal
import time

import pytest

from prosa import events
from prosa.jobs import JobStatus
from prosa.store.jobs import Claimed
from tests.builders import a_reply
from tests.integration.worker.conftest import RunWorker, StartWorker
from tests.integration.worker.world import World, eventually
from tests.llm_server.script import Script
from tests.llm_server.server import LlmServer


async def test_a_killed_worker_is_replaced(
    world: World, llm: LlmServer, start_worker: StartWorker
) -> None:
    llm.script(Script(text="from the first worker", hold_after=3), Script(text="from the second"))
    first, second = start_worker(is_ready=False), start_worker(is_ready=False)
    first.wait_ready()
    second.wait_ready()
    job = world.ask()
    await eventually(lambda: world.said(job, attempt=1) == "from the fir")
    writing = first if first.logged("job_claimed") else second

    writing.send(signal.SIGKILL)
    killed_at = time.monotonic()
    await eventually(lambda: world.has_ended(job))

    assert time.monotonic() - killed_at < 2 + 3  # its visibility, and a poll
    await eventually(world.is_queue_empty)
    assert world.reply(job).content == "from the second"
    assert world.job(job).attempt == 2
    started = [e.attempt for e in world.events(job) if e.type == "reply.started"]
    assert started == [1, 2]
    assert world.said(job, attempt=2) == "from the second"
    assert [e.type for e in world.events(job)].count("reply.completed") == 1


@pytest.mark.parametrize(
    ("heartbeat_s", "noticed_by"),
    [
        ("0.6", "lease_lost"),  # its own clock tells it, at the first beat after the freeze
        ("60", "fenced"),  # nothing tells it but the fence
    ],
)
async def test_a_worker_that_freezes_and_wakes_changes_nothing(
    world: World, llm: LlmServer, start_worker: StartWorker, heartbeat_s: str, noticed_by: str
) -> None:
    held = Script(text="from the zombie, much too late", hold_after=3)
    llm.script(held, Script(text="from the second"))
    zombie = start_worker(PROSA_WORKER_HEARTBEAT_S=heartbeat_s)
    job = world.ask()
    await eventually(lambda: world.said(job, attempt=1) == "from the zom")

    zombie.send(signal.SIGSTOP)
    start_worker()
    await eventually(lambda: world.has_ended(job))
    before = world.events(job)
    held.gate.open()  # the zombie finds the rest of its reply in its socket
    zombie.send(signal.SIGCONT)
    await eventually(lambda: zombie.logged(noticed_by))
    await eventually(lambda: zombie.is_idle)

    assert world.events(job) == before
    assert world.reply(job).content == "from the second"
    assert world.job(job).attempt == 2
    # It lives, and goes on working.
    assert zombie.get("/readyz")[0] == 200
    assert zombie.exit_code is None
    await eventually(world.is_queue_empty)


async def test_the_commit_of_an_earlier_attempt_is_refused(
    world: World, llm: LlmServer, run_worker: RunWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """The table's fence alone: no event ever passes the log, as when Redis is away."""
    held = Script(text="too late", hold_after=0)
    llm.script(held)
    nowhere = "redis://127.0.0.1:1/0"
    async with run_worker(PROSA_REDIS_URL=nowhere):
        job = world.ask()
        await eventually(lambda: llm.requests)
        later = world.jobs.claim(job.job_id, "another worker")
        assert isinstance(later, Claimed)
        held.gate.open()
        await eventually(lambda: "fenced" in caplog.messages)
        assert not world.is_final(job)
        world.jobs.finish(later.job, a_reply(later.job, content="from the later attempt"))

    assert world.reply(job).content == "from the later attempt"


async def test_a_crash_between_commit_and_telling_is_made_good(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    job = world.accept()
    claimed = world.jobs.claim(job.job_id, "a worker that died")
    assert isinstance(claimed, Claimed)
    reply = a_reply(claimed.job, content="stored, and nobody was told")
    world.jobs.finish(claimed.job, reply)

    async with run_worker():
        world.send(job)
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)

    (completed,) = world.events(job)
    assert isinstance(completed, events.ReplyCompleted)
    assert completed.message == reply
    assert llm.requests == []


async def test_a_finished_job_that_comes_again_costs_nothing(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    async with run_worker():
        job = world.ask()
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)
        told = world.events(job)
        # As a redrive does: the same body under a new deduplication id.
        message = world.message_of(job)
        world.queue.send_body(message, group=job.conversation_id, deduplication_id="2", reason="-")
        await eventually(lambda: world.in_flight() == 0 and world.waiting() == 0)

    assert world.events(job) == told
    assert len(llm.requests) == 1
    assert world.job(job).attempt == 1


async def test_a_failed_job_that_comes_again_fails_again(
    world: World, llm: LlmServer, run_worker: RunWorker
) -> None:
    job = world.accept()
    for worker in ("a", "b", "c", "d"):
        world.jobs.claim(job.job_id, worker)
    async with run_worker():
        world.send(job)
        await eventually(lambda: world.has_ended(job))
        await eventually(world.is_queue_empty)
        told = world.events(job)
        world.redis.flushall()  # pyright: ignore[reportUnknownMemberType]
        message = world.message_of(job)
        world.queue.send_body(message, group=job.conversation_id, deduplication_id="2", reason="-")
        await eventually(lambda: world.has_ended(job))

    assert world.events(job) == told
    assert world.job(job).status is JobStatus.FAILED
    assert llm.requests == []
