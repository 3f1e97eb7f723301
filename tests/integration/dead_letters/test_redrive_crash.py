"""The tool dies between sending and removing: the message is in both queues, the reply in one."""

from __future__ import annotations

import pytest

from cli.dlq_gate import RedriveGate
from cli.dlq_tools import DlqTools, every
from lambdas.end_dead_jobs import JOB_FAILED
from prosa import aws
from prosa.dead_letters import DeadLetter, DeadLetters
from prosa.job_queue import JobQueue
from prosa.jobs import Job, JobStatus
from prosa.replies import failed_reply
from prosa.store.jobs import Claimed
from tests.integration.dead_letters.conftest import Morgue, Watch
from tests.integration.worker.world import World


class _Killed(Exception):
    """What a kill looks like from inside."""


class _DyingLetters(DeadLetters):
    def remove(self, letter: DeadLetter) -> None:
        raise _Killed(letter.delivery.message_id)


def _tools(world: World, letters: type[DeadLetters]) -> DlqTools:
    dead = JobQueue(aws.client("sqs"), world.resources.dead_letter_queue_url)
    return DlqTools(letters(dead), world.queue, world.jobs)


def _gate(world: World) -> RedriveGate:
    return RedriveGate(world.redis, ["openai:test"])


def _fail_once_more(world: World, job: Job) -> None:
    """A worker takes the message, and fails for good."""
    (delivery,) = world.queue.receive(1, wait_s=1, visibility_s=30)
    claim = world.jobs.claim(job.job_id, "worker")
    assert isinstance(claim, Claimed)
    world.jobs.finish(claim.job, failed_reply(claim.job, JOB_FAILED, model_id=None))
    world.queue.delete([delivery.receipt])


@pytest.fixture
def twice_there(world: World, morgue: Morgue, watch: Watch) -> Job:
    """A job whose redrive died: its message waits in the queue, and is a dead letter still."""
    job = morgue.dead_job()
    watch()
    with pytest.raises(_Killed):
        list(_tools(world, _DyingLetters).redrive(every(), _gate(world)))
    assert morgue.bodies() == [world.message_of(job)]
    assert world.waiting() == 1
    return job


def test_the_next_redrive_leaves_it_in_the_queue_once(
    world: World, morgue: Morgue, twice_there: Job
) -> None:
    (done,) = _tools(world, DeadLetters).redrive(every(), _gate(world))
    assert (done.action, done.job_id) == ("redriven", twice_there.job_id)
    assert morgue.bodies() == []
    assert world.waiting() == 1


def test_a_second_redrive_after_a_second_failure_is_not_swallowed(
    world: World, morgue: Morgue, twice_there: Job
) -> None:
    """Both lie within the five minutes in which SQS drops what has the same id."""
    _fail_once_more(world, twice_there)
    (done,) = _tools(world, DeadLetters).redrive(every(), _gate(world))
    assert done.action == "redriven"
    assert world.waiting() == 1
    assert morgue.bodies() == []
    assert world.job(twice_there).status is JobStatus.QUEUED
