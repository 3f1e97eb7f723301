"""Jobs, from the promise of a reply to its one stored end.

Each step is one conditional write, so that whatever crashes, freezes or comes twice, the table
tells who may go on:

- `accept`  message + job + conversation, all or none; the job's id makes a resend find itself
- `claim`   counts the attempt up: the number is the fencing token
- `give_back` lets it wait for the next attempt, and notes when this one is not to count
- `cancel`  ends a job that nobody holds, as its user asked
- `redrive` takes a stored failure back, unless the talk went on; only an operator asks for it
- `finish`  reply + job + conversation + usage, all or none, for the holder of the newest attempt
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass

from prosa.clock import utc_now
from prosa.conversation import FinishReason, Message, Role
from prosa.errors import Fenced, IdempotencyMismatch, NotFound, Superseded
from prosa.ids import JobId
from prosa.jobs import Attempt, Excuse, Job, JobStatus, Redrive
from prosa.store.items import fields_of, read_as
from prosa.store.job_writes import Acceptance, JobWrites
from prosa.store.long_texts import LongTexts
from prosa.store.table import ConditionRefused, Table, TransactionRefused, job_key

_FINAL_STATUS = {
    FinishReason.STOP: JobStatus.DONE,
    FinishReason.LENGTH: JobStatus.DONE,
    FinishReason.CANCELLED: JobStatus.CANCELLED,
    FinishReason.FAILED: JobStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """This worker holds the job; `job.attempt` is its fencing token."""

    job: Job


@dataclass(frozen=True, slots=True)
class AlreadyFinished:
    """The job has its end; what is left is to make sure that its user saw it."""

    job: Job


class JobStore:
    """Methods raise `Unavailable` for an outage."""

    def __init__(self, table: Table, long_texts: LongTexts) -> None:
        self._table = table
        self._writes = JobWrites(table, long_texts)

    def find(self, job_id: JobId) -> Job | None:
        """The job, whoever owns it; the caller checks `user_id`."""
        item = self._table.get(job_key(job_id))
        return read_as(Job, item) if item else None

    def resend_of(self, job_id: JobId, fingerprint: str) -> Job | None:
        """The job an earlier request with the same key made. Raises IdempotencyMismatch."""
        item = self._table.get(job_key(job_id))
        if item is None:
            return None
        if item["fingerprint"] != fingerprint:
            raise IdempotencyMismatch
        return read_as(Job, item)

    def accept(self, acceptance: Acceptance) -> Job:
        """Store the promise, or find it stored by an earlier or simultaneous request.

        Raises NotFound when the conversation was deleted meanwhile, IdempotencyMismatch.
        """
        writes = [self._writes.promise(acceptance), self._writes.conversation(acceptance)]
        if acceptance.question is not None:
            writes.append(self._writes.question(acceptance.question))
        try:
            self._table.transact(writes, token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            if refusal.refused(0):
                earlier = self.resend_of(acceptance.job.job_id, acceptance.fingerprint)
                if earlier is not None:
                    return earlier
            raise NotFound("conversation") from refusal
        return acceptance.job

    def claim(
        self, job_id: JobId, worker: str, *, token: str | None = None
    ) -> Claimed | AlreadyFinished:
        """Take the job for the next attempt; a claim that is still held elsewhere is fenced off.

        `token` names this one claim: asked again because an answer was lost, it counts once.
        Raises NotFound for a job that never was, or is forgotten.
        """
        attempt = Attempt(worker=worker, started_at=utc_now())
        token = token or str(uuid.uuid4())
        try:
            item = self._table.update(
                job_key(job_id),
                "SET #status = :running, attempt = attempt + :one, claim_token = :token, "
                "attempts = list_append(attempts, :attempts)",
                {
                    ":running": JobStatus.RUNNING,
                    ":one": 1,
                    ":attempts": [fields_of(attempt)],
                    ":queued": JobStatus.QUEUED,
                    ":token": token,
                },
                condition="#status IN (:queued, :running) "
                "AND (attribute_not_exists(claim_token) OR claim_token <> :token)",
            )
        except ConditionRefused as exc:
            found = self._table.get(job_key(job_id))
            if found is None:
                raise NotFound("job") from exc
            job = read_as(Job, found)
            if found.get("claim_token") == token and not job.status.is_final:
                return Claimed(job)
            return AlreadyFinished(job)
        return Claimed(read_as(Job, item))

    def give_back(self, job: Job, excuse: Excuse | None) -> bool:
        """Let a job that this attempt cannot end wait for the next one.

        With an `excuse` the attempt does not count. Asked again it changes nothing. False when a
        later attempt has the job or it has its end; the excuse of an attempt that was overtaken is
        noted all the same.
        """
        note = f"attempts[{job.attempt - 1}].{'failed' if excuse is None else 'excused'} = :why"
        values = {
            ":queued": JobStatus.QUEUED,
            ":running": JobStatus.RUNNING,
            ":why": True if excuse is None else excuse,
        }
        key = job_key(job.job_id)
        try:
            self._table.update(
                key,
                f"SET #status = :queued, {note}",
                {**values, ":mine": job.attempt},
                condition="attempt = :mine AND #status = :running",
            )
        except ConditionRefused:
            if excuse is not None:
                with suppress(ConditionRefused):
                    condition = "#status IN (:queued, :running)"
                    self._table.update(key, f"SET {note}", values, condition=condition)
            return False
        return True

    def cancel(self, job: Job, reply: Message) -> Job:
        """Store the end of a job that waits in the queue, as its user asked.

        A delivery of its message that comes later finds it ended. Raises Fenced when it is not as
        it was seen: claimed, given back after another attempt, or ended. Raises NotFound when the
        conversation was deleted.
        """
        finished = _finished(job, reply)
        writes = [
            self._writes.reply(reply),
            self._writes.end(finished, was=JobStatus.QUEUED),
            self._writes.conversation_settled(job, reply),
        ]
        try:
            self._table.transact(writes, token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            if refusal.refused(0) or refusal.refused(1):
                raise Fenced(f"{job.job_id} is not as it was seen") from refusal
            raise NotFound("conversation") from refusal
        return finished

    def finish(self, job: Job, reply: Message) -> Job:
        """Store the one end of a job: an answer, a cut answer, or why there is none.

        `reply.finish_reason` decides the job's status. Raises Fenced when a later attempt holds
        the job or it has its end already, NotFound when the conversation was deleted.
        """
        finished = _finished(job, reply)
        writes = [
            self._writes.reply(reply),
            self._writes.end(finished),
            self._writes.conversation_settled(job, reply),
        ]
        if reply.usage is not None:
            day = reply.created_at.date().isoformat()
            writes.append(self._writes.usage(job, day, reply.usage))
        try:
            # The token of an attempt: its retry after a lost answer is the same transaction.
            self._table.transact(writes, token=f"{job.job_id[4:]}:{job.attempt}")
        except TransactionRefused as refusal:
            if refusal.refused(0) or refusal.refused(1):
                raise Fenced(
                    f"attempt {job.attempt} of {job.job_id} is not the newest"
                ) from refusal
            raise NotFound("conversation") from refusal
        return finished

    def redrive(self, job: Job) -> None:
        """Give a job that failed, or that no worker ended, a new budget of attempts.

        Its attempt number goes on: whoever still holds an earlier one stays fenced off. Raises
        Superseded when the conversation went on or is gone, Fenced when the job is not as it was
        seen, or has an answer.
        """
        redrive = Redrive(at=utc_now(), after_attempt=job.attempt)
        writes = [self._writes.redriven(job, redrive), self._writes.still_awaited(job)]
        if job.status.is_final:
            writes.append(self._writes.failure_withdrawn(job))
        try:
            self._table.transact(writes, token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            if refusal.refused(1):
                raise Superseded(f"the conversation of {job.job_id} went on") from refusal
            raise Fenced(f"{job.job_id} is not as it was seen") from refusal

    def abandon(self, job: Job) -> Job:
        """End a job whose conversation is gone: there is no place for its reply.

        Raises Fenced.
        """
        finished = job.model_copy(
            update={"status": JobStatus.CANCELLED, "finished_at": utc_now(), "failure": None}
        )
        try:
            self._table.transact([self._writes.end(finished)], token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            raise Fenced(f"attempt {job.attempt} of {job.job_id} is not the newest") from refusal
        return finished


def _finished(job: Job, reply: Message) -> Job:
    if reply.role != Role.ASSISTANT or reply.finish_reason is None:
        raise ValueError("only a reply with its finish_reason ends a job")
    return job.model_copy(
        update={
            "status": _FINAL_STATUS[reply.finish_reason],
            # Not the clock: a retried transaction must say the same words under the same token.
            "finished_at": reply.created_at,
            "failure": reply.failure,
        }
    )
