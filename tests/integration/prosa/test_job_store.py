"""A job's life on a real table: promised once, claimed with a fence, ended once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from prosa.clock import utc_now
from prosa.conversation import Failure, FinishReason
from prosa.errors import Fenced, IdempotencyMismatch, NotFound, Superseded, Unavailable
from prosa.ids import job_id_for, new_user_id
from prosa.jobs import Job, JobStatus
from prosa.store.jobs import AlreadyFinished, Claimed
from tests.builders import a_reply, an_acceptance
from tests.integration.prosa.conftest import Stores


def _claimed(stores: Stores, job: Job) -> Job:
    claim = stores.jobs.claim(job.job_id, "worker-1")
    assert isinstance(claim, Claimed)
    return claim.job


def test_a_promise_is_stored_whole(stores: Stores) -> None:
    acceptance = an_acceptance()
    job = stores.jobs.accept(acceptance)
    state = stores.conversations.require(job.user_id, job.conversation_id)
    page = stores.conversations.messages(job.conversation_id, limit=10, cursor=None)
    assert stores.jobs.find(job.job_id) == job
    assert (state.head_id, state.active_jobs) == (job.reply_id, {job.job_id})
    assert page.items == (acceptance.question,)


def test_a_resend_finds_the_first_promise(stores: Stores) -> None:
    user = new_user_id()
    first = stores.jobs.accept(an_acceptance(user_id=user))
    again = stores.jobs.accept(an_acceptance(user_id=user))
    assert again == first
    assert len(stores.conversations.list_of(user, limit=10, cursor=None).items) == 1


def test_the_same_key_with_another_request_is_refused(stores: Stores) -> None:
    user = new_user_id()
    stores.jobs.accept(an_acceptance(user_id=user))
    with pytest.raises(IdempotencyMismatch):
        stores.jobs.accept(an_acceptance(user_id=user, fingerprint="other"))


def test_twenty_at_once_make_one_promise(stores: Stores) -> None:
    user = new_user_id()
    acceptances = [an_acceptance(user_id=user) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        jobs = set(pool.map(stores.jobs.accept, acceptances))
    assert len({job.message_id for job in jobs}) == 1
    assert len(stores.conversations.list_of(user, limit=30, cursor=None).items) == 1


def test_a_message_to_a_deleted_conversation_is_not_kept(stores: Stores) -> None:
    first = stores.jobs.accept(an_acceptance())
    stores.conversations.delete(first.user_id, first.conversation_id)
    late = an_acceptance(
        user_id=first.user_id, conversation_id=first.conversation_id, key="key-0002"
    )
    with pytest.raises(NotFound):
        stores.jobs.accept(late)
    assert stores.jobs.find(late.job.job_id) is None


def test_each_claim_counts_the_attempt_up(stores: Stores) -> None:
    job = stores.jobs.accept(an_acceptance())
    attempts = [_claimed(stores, job).attempt for _ in range(3)]
    again = stores.jobs.find(job.job_id)
    assert attempts == [1, 2, 3]
    assert again is not None
    assert [a.worker for a in again.attempts] == ["worker-1"] * 3


def test_a_job_nobody_promised_cannot_be_claimed(stores: Stores) -> None:
    with pytest.raises(NotFound):
        stores.jobs.claim(job_id_for(new_user_id(), "never"), "worker-1")


def test_an_answer_ends_everything_at_once(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    reply = a_reply(job)
    finished = stores.jobs.finish(job, reply)
    state = stores.conversations.require(job.user_id, job.conversation_id)
    usage = stores.users.usage_on(job.user_id, reply.created_at.date().isoformat())
    assert finished.status is JobStatus.DONE
    assert stores.jobs.find(job.job_id) == finished
    assert state.active_jobs == frozenset()
    assert stores.conversations.message(job.conversation_id, job.reply_id) == reply
    assert (usage.input_tokens, usage.output_tokens) == (5, 7)


def test_an_earlier_attempt_cannot_end_the_job(stores: Stores) -> None:
    promised = stores.jobs.accept(an_acceptance())
    zombie, newest = _claimed(stores, promised), _claimed(stores, promised)
    with pytest.raises(Fenced):
        stores.jobs.finish(zombie, a_reply(zombie, content="zombie"))
    stores.jobs.finish(newest, a_reply(newest, content="newest"))
    reply = stores.conversations.message(promised.conversation_id, promised.reply_id)
    assert reply.content == "newest"


def test_a_job_ends_once(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    stores.jobs.finish(job, a_reply(job))
    late = a_reply(job, content="other").model_copy(
        update={"created_at": utc_now() + timedelta(seconds=1)}
    )
    # DynamoDB itself refuses other words under the token of a transaction it knows.
    with pytest.raises((Fenced, Unavailable)):
        stores.jobs.finish(job, late)
    assert isinstance(stores.jobs.claim(job.job_id, "worker-2"), AlreadyFinished)
    usage = stores.users.usage_on(job.user_id, a_reply(job).created_at.date().isoformat())
    assert usage.output_tokens == 7


def test_the_same_end_twice_is_one_transaction(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    reply = a_reply(job)
    assert stores.jobs.finish(job, reply) == stores.jobs.finish(job, reply)
    usage = stores.users.usage_on(job.user_id, reply.created_at.date().isoformat())
    assert usage.output_tokens == 7


def test_a_failure_is_stored_as_the_one_reply(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    failure = Failure(code="model_unavailable", detail="No model answers.", retryable=True)
    reply = a_reply(job, content="", reason=FinishReason.FAILED).model_copy(
        update={"failure": failure, "usage": None}
    )
    finished = stores.jobs.finish(job, reply)
    assert (finished.status, finished.failure) == (JobStatus.FAILED, failure)
    assert stores.conversations.message(job.conversation_id, job.reply_id) == reply


def test_a_reply_for_a_deleted_conversation_has_no_place(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    stores.conversations.delete(job.user_id, job.conversation_id)
    with pytest.raises(NotFound):
        stores.jobs.finish(job, a_reply(job))
    assert stores.jobs.abandon(job).status is JobStatus.CANCELLED
    assert isinstance(stores.jobs.claim(job.job_id, "worker-2"), AlreadyFinished)


def test_a_long_reply_lies_in_the_bucket_and_comes_back_whole(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    reply = a_reply(job, content="ção😀 " * 80_000)
    stores.jobs.finish(job, reply)
    assert stores.conversations.message(job.conversation_id, job.reply_id) == reply


def test_a_second_reply_to_a_message_stands_beside_the_first(stores: Stores) -> None:
    first = _claimed(stores, stores.jobs.accept(an_acceptance()))
    stores.jobs.finish(first, a_reply(first))
    other = an_acceptance(
        user_id=first.user_id, conversation_id=first.conversation_id, key="key-0002"
    )
    job = other.job.model_copy(update={"message_id": first.message_id})
    stores.jobs.accept(replace(other, job=job, question=None))
    second = _claimed(stores, job)
    stores.jobs.finish(second, a_reply(second, content="Another"))
    page = stores.conversations.messages(first.conversation_id, limit=10, cursor=None)
    assert [m.parent_id for m in page.items] == [None, first.message_id, first.message_id]


def _failed(stores: Stores) -> Job:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    failure = Failure(code="model_error", detail="No answer.")
    reply = a_reply(job, content="", reason=FinishReason.FAILED)
    return stores.jobs.finish(job, reply.model_copy(update={"failure": failure}))


def test_a_redriven_job_is_as_if_it_had_not_failed(stores: Stores) -> None:
    failed = _failed(stores)
    stores.jobs.redrive(failed)
    state = stores.conversations.require(failed.user_id, failed.conversation_id)
    assert state.active_jobs == {failed.job_id}
    assert not stores.conversations.has_message(failed.conversation_id, failed.reply_id)
    again = _claimed(stores, failed)
    assert (again.attempt, again.tries, again.failure, again.finished_at) == (2, 1, None, None)
    stores.jobs.finish(again, a_reply(again))
    stored = stores.conversations.message(failed.conversation_id, failed.reply_id)
    assert stored.finish_reason is FinishReason.STOP


def test_ten_redrives_at_once_are_one(stores: Stores) -> None:
    failed = _failed(stores)

    def redrive(_: int) -> bool:
        try:
            stores.jobs.redrive(failed)
        except Fenced:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(redrive, range(10))) == 1
    job = stores.jobs.find(failed.job_id)
    assert job is not None
    assert len(job.redrives) == 1


def test_an_answer_is_never_redriven(stores: Stores) -> None:
    job = _claimed(stores, stores.jobs.accept(an_acceptance()))
    done = stores.jobs.finish(job, a_reply(job))
    with pytest.raises(Fenced):
        stores.jobs.redrive(done)
    assert stores.jobs.find(job.job_id) == done


def test_a_conversation_that_went_on_is_not_answered_late(stores: Stores) -> None:
    failed = _failed(stores)
    further = an_acceptance(
        user_id=failed.user_id,
        conversation_id=failed.conversation_id,
        parent_id=failed.reply_id,
        key="key-0002",
    )
    stores.jobs.accept(further)
    with pytest.raises(Superseded):
        stores.jobs.redrive(failed)
    assert stores.jobs.find(failed.job_id) == failed


def test_the_conversation_of_a_redriven_job_may_be_gone(stores: Stores) -> None:
    failed = _failed(stores)
    stores.conversations.delete(failed.user_id, failed.conversation_id)
    with pytest.raises(Superseded):
        stores.jobs.redrive(failed)


def test_whoever_held_a_job_when_it_was_redriven_cannot_end_it(stores: Stores) -> None:
    held = _claimed(stores, stores.jobs.accept(an_acceptance()))
    stores.jobs.redrive(held)
    with pytest.raises(Fenced):
        stores.jobs.finish(held, a_reply(held))
