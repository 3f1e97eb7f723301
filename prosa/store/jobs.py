"""Jobs, from the promise of a reply to its one stored end.

Each step is one conditional write, so that whatever crashes, freezes or comes twice, the table
tells who may go on:

- `accept`  message + job + conversation, all or none; the job's id makes a resend find itself
- `claim`   counts the attempt up: the number is the fencing token
- `finish`  reply + job + conversation + usage, all or none, for the holder of the newest attempt
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from prosa.clock import to_iso, utc_now
from prosa.conversation import Conversation, FinishReason, Message, Role
from prosa.errors import Fenced, IdempotencyMismatch, NotFound
from prosa.ids import JobId
from prosa.jobs import Attempt, Job, JobStatus
from prosa.store.conversations import list_position
from prosa.store.items import Item, fields_of, read_as
from prosa.store.long_texts import LongTexts
from prosa.store.table import (
    ConditionRefused,
    Table,
    TransactionRefused,
    conversation_key,
    job_key,
    message_key,
    usage_key,
)

JOB_TTL_S = 30 * 24 * 3600
"""How long a job, and with it its idempotency key, is remembered."""

_FINAL_STATUS = {
    FinishReason.STOP: JobStatus.DONE,
    FinishReason.LENGTH: JobStatus.DONE,
    FinishReason.CANCELLED: JobStatus.CANCELLED,
    FinishReason.FAILED: JobStatus.FAILED,
}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a 202 promises. `question` is None when another reply to a stored message is asked for.

    `fingerprint` is a hash of the request; the same key with another one is refused.
    """

    job: Job
    fingerprint: str
    conversation: Conversation
    is_new_conversation: bool
    question: Message | None


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
        self._long_texts = long_texts

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
        writes = [self._write_job(acceptance), self._write_conversation(acceptance)]
        if acceptance.question is not None:
            writes.append(self._write_question(acceptance.question))
        try:
            self._table.transact(writes, token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            if refusal.refused(0):
                earlier = self.resend_of(acceptance.job.job_id, acceptance.fingerprint)
                if earlier is not None:
                    return earlier
            raise NotFound("conversation") from refusal
        return acceptance.job

    def claim(self, job_id: JobId, worker: str) -> Claimed | AlreadyFinished:
        """Take the job for the next attempt; a claim that is still held elsewhere is fenced off.

        Raises NotFound for a job that never was, or is forgotten.
        """
        attempt = Attempt(worker=worker, started_at=utc_now())
        try:
            item = self._table.update(
                job_key(job_id),
                "SET #status = :running, attempt = attempt + :one, "
                "attempts = list_append(attempts, :attempts)",
                {
                    ":running": JobStatus.RUNNING,
                    ":one": 1,
                    ":attempts": [fields_of(attempt)],
                    ":queued": JobStatus.QUEUED,
                },
                condition="#status IN (:queued, :running)",
            )
        except ConditionRefused as exc:
            job = self.find(job_id)
            if job is None:
                raise NotFound("job") from exc
            return AlreadyFinished(job)
        return Claimed(read_as(Job, item))

    def finish(self, job: Job, reply: Message) -> Job:
        """Store the one end of a job: an answer, a cut answer, or why there is none.

        `reply.finish_reason` decides the job's status. Raises Fenced when a later attempt holds
        the job or it has its end already, NotFound when the conversation was deleted.
        """
        finished = _finished(job, reply)
        writes = [
            self._write_reply(reply),
            self._write_end(finished),
            self._write_conversation_settled(job, reply),
        ]
        if reply.usage is not None:
            writes.append(self._write_usage(job, reply))
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

    def abandon(self, job: Job) -> Job:
        """End a job whose conversation is gone: there is no place for its reply.

        Raises Fenced.
        """
        finished = job.model_copy(
            update={"status": JobStatus.CANCELLED, "finished_at": utc_now(), "failure": None}
        )
        try:
            self._table.transact([self._write_end(finished)], token=str(uuid.uuid4()))
        except TransactionRefused as refusal:
            raise Fenced(f"attempt {job.attempt} of {job.job_id} is not the newest") from refusal
        return finished

    def _write_job(self, acceptance: Acceptance) -> dict[str, Any]:
        job = acceptance.job
        item: Item = fields_of(job) | {
            "fingerprint": acceptance.fingerprint,
            "expires_at": int(job.created_at.timestamp()) + JOB_TTL_S,
        }
        return self._table.write_put(
            job_key(job.job_id), item, condition="attribute_not_exists(PK)"
        )

    def _write_question(self, question: Message) -> dict[str, Any]:
        item = self._long_texts.spill(fields_of(question)) | {
            "GSI1PK": f"MSG#{question.message_id}",
            "GSI1SK": f"CNV#{question.conversation_id}",
        }
        return self._table.write_put(
            message_key(question.conversation_id, question.message_id),
            item,
            condition="attribute_not_exists(PK)",
        )

    def _write_conversation(self, acceptance: Acceptance) -> dict[str, Any]:
        job, conversation = acceptance.job, acceptance.conversation
        key = conversation_key(job.user_id, job.conversation_id)
        position = list_position(job.user_id, conversation)
        if acceptance.is_new_conversation:
            item = fields_of(conversation) | position
            item |= {"head_id": job.reply_id, "active_jobs": {job.job_id}}
            return self._table.write_put(key, item, condition="attribute_not_exists(PK)")
        return self._table.write_update(
            key,
            "SET head_id = :reply, updated_at = :now, GSI1SK = :position ADD active_jobs :job",
            {
                ":reply": job.reply_id,
                ":now": to_iso(conversation.updated_at),
                ":position": position["GSI1SK"],
                ":job": {job.job_id},
            },
            condition="attribute_exists(PK)",
        )

    def _write_reply(self, reply: Message) -> dict[str, Any]:
        return self._table.write_put(
            message_key(reply.conversation_id, reply.message_id),
            self._long_texts.spill(fields_of(reply)),
            condition="attribute_not_exists(PK)",
        )

    def _write_end(self, finished: Job) -> dict[str, Any]:
        values: dict[str, Any] = {
            ":status": finished.status,
            ":now": to_iso(finished.finished_at or utc_now()),
            ":mine": finished.attempt,
            ":running": JobStatus.RUNNING,
        }
        expression = "SET #status = :status, finished_at = :now"
        if finished.failure is not None:
            expression += ", failure = :failure"
            values[":failure"] = fields_of(finished.failure)
        return self._table.write_update(
            job_key(finished.job_id),
            expression,
            values,
            condition="attempt = :mine AND #status = :running",
        )

    def _write_conversation_settled(self, job: Job, reply: Message) -> dict[str, Any]:
        return self._table.write_update(
            conversation_key(job.user_id, job.conversation_id),
            "SET last_reply_at = :now DELETE active_jobs :job",
            {":now": to_iso(reply.created_at), ":job": {job.job_id}},
            condition="attribute_exists(PK)",
        )

    def _write_usage(self, job: Job, reply: Message) -> dict[str, Any]:
        usage = reply.usage
        assert usage is not None  # noqa: S101 - the caller asked
        return self._table.write_update(
            usage_key(job.user_id, reply.created_at.date().isoformat()),
            "ADD input_tokens :input, output_tokens :output, replies :one",
            {":input": usage.input_tokens, ":output": usage.output_tokens, ":one": 1},
        )


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
