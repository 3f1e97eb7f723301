"""The watch: no job stays without an end, and none gets two."""

from __future__ import annotations

import pytest
from redis import Redis

from lambdas.end_dead_jobs import JOB_FAILED, TELL_AGAIN
from prosa.conversation import FinishReason
from prosa.errors import Fenced
from prosa.event_log.keys import fence_key
from prosa.jobs import JobStatus
from prosa.store.jobs import Claimed
from tests.builders import a_reply
from tests.integration.dead_letters.conftest import Morgue, Watch
from tests.integration.worker.world import World


@pytest.mark.parametrize("attempts", [0, 1, 4])
def test_a_dead_job_fails_and_its_user_is_told(
    world: World, morgue: Morgue, watch: Watch, attempts: int
) -> None:
    job = morgue.dead_job(attempts=attempts)
    assert watch() == {"failed": 1}
    ended = world.job(job)
    assert (ended.status, ended.attempt) == (JobStatus.FAILED, attempts + 1)
    assert ended.attempts[-1].worker == "dlq-watch"
    reply = world.reply(job)
    assert (reply.finish_reason, reply.failure) == (FinishReason.FAILED, JOB_FAILED)
    assert world.kinds(job) == ["reply.failed"]
    state = world.conversations.require(job.user_id, job.conversation_id)
    assert state.active_jobs == frozenset()


def test_a_second_look_changes_nothing_and_leaves_the_message(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    job = morgue.dead_job(attempts=1)
    watch()
    before, told = world.job(job), world.events()
    assert watch() == {"ended_before": 1}
    assert (world.job(job), world.events()) == (before, told)
    assert morgue.bodies() == [world.message_of(job)]


def test_a_job_that_was_done_meanwhile_stays_done(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    job = morgue.dead_job()
    claim = world.jobs.claim(job.job_id, "worker")
    assert isinstance(claim, Claimed)
    world.jobs.finish(claim.job, a_reply(claim.job))
    before = world.job(job)
    watch()
    assert world.job(job) == before
    assert world.reply(job).finish_reason is FinishReason.STOP


def test_a_worker_that_wakes_after_the_watch_cannot_end_the_job_again(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    job = morgue.dead_job()
    claim = world.jobs.claim(job.job_id, "frozen")
    assert isinstance(claim, Claimed)
    watch()
    with pytest.raises(Fenced):
        world.jobs.finish(claim.job, a_reply(claim.job))
    assert world.reply(job).failure == JOB_FAILED


def test_an_end_that_was_stored_and_not_told_is_told(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    job = morgue.dead_job()
    watch()
    with Redis.from_url(world.redis_url) as redis:  # pyright: ignore[reportUnknownMemberType]
        redis.flushall()  # pyright: ignore[reportUnknownMemberType]
    assert watch() == {"told_again": 1}
    assert watch() == {"ended_before": 1}
    assert world.kinds(job) == ["reply.failed"]


def test_a_deleted_conversation_ends_its_job(world: World, morgue: Morgue, watch: Watch) -> None:
    job = morgue.dead_job()
    world.conversations.delete(job.user_id, job.conversation_id)
    assert watch() == {"conversation_deleted": 1}
    assert world.job(job).status is JobStatus.CANCELLED
    assert world.events(job) == []


def test_poison_is_only_counted(world: World, morgue: Morgue, watch: Watch) -> None:
    morgue.bury_body("{not json", reason="body: Invalid JSON")
    job = morgue.dead_job()
    assert watch() == {"unreadable": 1, "failed": 1}
    assert sorted(morgue.bodies()) == sorted(["{not json", world.message_of(job)])


def test_a_job_that_was_just_redriven_is_the_workers(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    """The tool died between sending and deleting: the message lies in both queues."""
    job = morgue.dead_job()
    watch()
    world.jobs.redrive(world.job(job))
    assert watch() == {"redriven": 1}
    assert world.job(job).status is JobStatus.QUEUED


def test_its_fence_outlives_the_time_in_which_it_tells_again(
    world: World, morgue: Morgue, watch: Watch
) -> None:
    job = morgue.dead_job()
    watch()
    ttl = world.redis.ttl(fence_key(job.user_id, job.job_id))  # pyright: ignore[reportUnknownMemberType]
    assert ttl > TELL_AGAIN.total_seconds()  # pyright: ignore[reportOperatorIssue]
