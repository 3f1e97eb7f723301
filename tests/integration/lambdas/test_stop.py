"""`DELETE /jobs/{id}`: a job that waits has its end at once, one in a worker's hands is marked."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from lambdas import bootstrap
from lambdas.caller import Caller
from local.ports import free_ports
from prosa.conversation import FinishReason, Message
from prosa.event_log.keys import fence_key
from prosa.events import ReplyCompleted
from prosa.ids import JobId
from prosa.jobs import Excuse, Job, JobStatus
from prosa.store.jobs import AlreadyFinished, Claimed, JobStore
from tests.builders import a_reply
from tests.integration.lambdas.conftest import Edge
from tests.integration.lambdas.gateway import a_caller, call
from tests.integration.lambdas.messages import finish, send, told


def stop(caller: Caller, job_id: str) -> Any:
    return call("DELETE", f"/jobs/{job_id}", caller=caller)


def promised(caller: Caller) -> JobId:
    return JobId(send(caller).json["job_id"])


def claim(job_id: JobId) -> Job:
    claimed = bootstrap.jobs().claim(job_id, "worker")
    assert isinstance(claimed, Claimed)
    return claimed.job


def reply_of(job_id: JobId) -> Message:
    job = bootstrap.jobs().find(job_id)
    assert job is not None
    return bootstrap.conversations().message(job.conversation_id, job.reply_id)


def is_marked(redis_url: str, caller: Caller, job_id: JobId) -> bool:
    with Redis.from_url(redis_url, decode_responses=True) as redis:  # pyright: ignore[reportUnknownMemberType]
        return redis.hget(fence_key(caller.user_id, job_id), "cancelled") == "1"


def ends(redis_url: str, caller: Caller) -> list[ReplyCompleted]:
    return [e for e in told(redis_url, caller.user_id) if isinstance(e, ReplyCompleted)]


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("attempts", [0, 2], ids=["in the queue", "between two tries"])
def test_a_job_that_waits_ends_at_once(redis_url: str, attempts: int) -> None:
    caller = a_caller()
    job_id = promised(caller)
    for _ in range(attempts):
        bootstrap.jobs().give_back(claim(job_id), None)
    answer = stop(caller, job_id)

    assert (answer.status, answer.json["status"]) == (202, JobStatus.CANCELLED)
    reply = reply_of(job_id)
    assert (reply.content, reply.finish_reason) == ("", FinishReason.CANCELLED)
    (end,) = ends(redis_url, caller)
    assert (end.job_id, end.message) == (job_id, reply)
    state = bootstrap.conversations().require(caller.user_id, reply.conversation_id)
    assert state.active_jobs == frozenset()
    # Its message comes later, and finds nothing to do.
    assert isinstance(bootstrap.jobs().claim(job_id, "worker"), AlreadyFinished)
    assert stop(caller, job_id).json["status"] == JobStatus.CANCELLED
    assert len(ends(redis_url, caller)) == 1


@pytest.mark.usefixtures("edge")
def test_a_job_in_a_workers_hands_is_marked_for_it(redis_url: str) -> None:
    caller = a_caller()
    job_id = promised(caller)
    job = claim(job_id)
    answer = stop(caller, job_id)

    assert (answer.status, answer.json["status"]) == (202, JobStatus.RUNNING)
    assert is_marked(redis_url, caller, job_id)
    bootstrap.jobs().finish(job, a_reply(job))  # it may still be faster than the mark


@pytest.mark.usefixtures("edge")
def test_a_worker_that_claims_at_the_same_time_finds_the_mark(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = a_caller()
    job_id = promised(caller)
    cancel = JobStore.cancel

    def too_late(self: JobStore, job: Job, reply: Message) -> Job:
        claim(job_id)
        return cancel(self, job, reply)

    monkeypatch.setattr(JobStore, "cancel", too_late)
    answer = stop(caller, job_id)

    assert (answer.status, answer.json["status"]) == (202, JobStatus.RUNNING)
    assert is_marked(redis_url, caller, job_id)
    assert ends(redis_url, caller) == []


@pytest.mark.usefixtures("edge")
def test_a_worker_that_gives_the_job_back_at_the_same_time_is_seen(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end must be told as of the newest attempt: the log refuses an earlier one's."""
    caller = a_caller()
    job_id = promised(caller)
    cancel = JobStore.cancel
    tries: list[int] = []

    def once_too_late(self: JobStore, job: Job, reply: Message) -> Job:
        tries.append(job.attempt)
        if len(tries) == 1:
            bootstrap.jobs().give_back(claim(job_id), Excuse.DRAINING)
        return cancel(self, job, reply)

    monkeypatch.setattr(JobStore, "cancel", once_too_late)
    assert stop(caller, job_id).json["status"] == JobStatus.CANCELLED
    assert tries == [0, 1]
    assert [end.job_id for end in ends(redis_url, caller)] == [job_id]


@pytest.mark.usefixtures("edge")
def test_the_job_of_a_deleted_conversation_is_left_to_its_worker() -> None:
    caller = a_caller()
    job_id = promised(caller)
    job = bootstrap.jobs().find(job_id)
    assert job is not None
    bootstrap.conversations().delete(caller.user_id, job.conversation_id)
    answer = stop(caller, job_id)
    assert (answer.status, answer.json["status"]) == (202, JobStatus.QUEUED)


@pytest.mark.usefixtures("edge")
def test_stopping_a_job_that_ended_changes_nothing(redis_url: str) -> None:
    caller = a_caller()
    job_id = promised(caller)
    finish(job_id)
    answer = stop(caller, job_id)
    assert (answer.status, answer.json["status"]) == (202, "done")
    assert len(answer.json["attempts"]) == 1
    assert ends(redis_url, caller) == []


def test_without_redis_only_a_job_that_waits_can_be_stopped(edge: Edge) -> None:
    caller = a_caller()
    waiting, running = promised(caller), JobId(send(caller, key="key-0002").json["job_id"])
    claim(running)
    (port,) = free_ports(1)
    edge.set(redis_url=f"redis://127.0.0.1:{port}/0")
    assert call("GET", f"/jobs/{running}", caller=caller).status == 200
    assert stop(caller, running).code == "unavailable"
    assert stop(caller, waiting).json["status"] == JobStatus.CANCELLED
    assert reply_of(waiting).finish_reason is FinishReason.CANCELLED
