"""The single writes of which a job's transactions are made, each with its condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prosa.clock import to_iso
from prosa.conversation import Conversation, FinishReason, Message, Usage
from prosa.jobs import Job, JobStatus, Redrive
from prosa.store.conversations import list_position
from prosa.store.items import Item, fields_of
from prosa.store.long_texts import LongTexts
from prosa.store.table import Table, conversation_key, job_key, message_key, usage_key

JOB_TTL_S = 30 * 24 * 3600
"""How long a job, and with it its idempotency key, is remembered."""


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


class JobWrites:
    """Builds writes for `Table.transact`; long texts are put into S3 on the way."""

    def __init__(self, table: Table, long_texts: LongTexts) -> None:
        self._table = table
        self._long_texts = long_texts

    def promise(self, acceptance: Acceptance) -> dict[str, Any]:
        job = acceptance.job
        item: Item = fields_of(job) | {
            "fingerprint": acceptance.fingerprint,
            "expires_at": int(job.created_at.timestamp()) + JOB_TTL_S,
        }
        return self._table.write_put(
            job_key(job.job_id), item, condition="attribute_not_exists(PK)"
        )

    def question(self, question: Message) -> dict[str, Any]:
        item = self._long_texts.spill(fields_of(question)) | {
            "GSI1PK": f"MSG#{question.message_id}",
            "GSI1SK": f"CNV#{question.conversation_id}",
        }
        return self._table.write_put(
            message_key(question.conversation_id, question.message_id),
            item,
            condition="attribute_not_exists(PK)",
        )

    def conversation(self, acceptance: Acceptance) -> dict[str, Any]:
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

    def reply(self, reply: Message) -> dict[str, Any]:
        return self._table.write_put(
            message_key(reply.conversation_id, reply.message_id),
            self._long_texts.spill(fields_of(reply)),
            condition="attribute_not_exists(PK)",
        )

    def end(self, finished: Job, *, was: JobStatus = JobStatus.RUNNING) -> dict[str, Any]:
        if finished.finished_at is None:
            raise ValueError("this job has no end yet")
        values: dict[str, Any] = {
            ":status": finished.status,
            ":now": to_iso(finished.finished_at),
            ":mine": finished.attempt,
            ":was": was,
        }
        expression = "SET #status = :status, finished_at = :now"
        if finished.failure is not None:
            expression += ", failure = :failure"
            values[":failure"] = fields_of(finished.failure)
        return self._table.write_update(
            job_key(finished.job_id),
            expression,
            values,
            condition="attempt = :mine AND #status = :was",
        )

    def redriven(self, job: Job, redrive: Redrive) -> dict[str, Any]:
        """Queue the job anew. The condition loses to whoever claimed or ended it since `job`."""
        return self._table.write_update(
            job_key(job.job_id),
            "SET #status = :queued, redrives = list_append(if_not_exists(redrives, :none), :more) "
            "REMOVE finished_at, failure",
            {
                ":queued": JobStatus.QUEUED,
                ":none": [],
                ":more": [fields_of(redrive)],
                ":seen": job.status,
                ":attempt": job.attempt,
            },
            condition="#status = :seen AND attempt = :attempt",
        )

    def failure_withdrawn(self, job: Job) -> dict[str, Any]:
        """Take the stored failure away. The condition never takes an answer."""
        return self._table.write_delete(
            message_key(job.conversation_id, job.reply_id),
            {":failed": FinishReason.FAILED},
            condition="finish_reason = :failed",
        )

    def still_awaited(self, job: Job) -> dict[str, Any]:
        """The conversation waits for this reply again, unless its user went on without it."""
        return self._table.write_update(
            conversation_key(job.user_id, job.conversation_id),
            "ADD active_jobs :job",
            {":job": {job.job_id}, ":reply": job.reply_id},
            condition="head_id = :reply",
        )

    def conversation_settled(self, job: Job, reply: Message) -> dict[str, Any]:
        return self._table.write_update(
            conversation_key(job.user_id, job.conversation_id),
            "SET last_reply_at = :now DELETE active_jobs :job",
            {":now": to_iso(reply.created_at), ":job": {job.job_id}},
            condition="attribute_exists(PK)",
        )

    def usage(self, job: Job, day: str, usage: Usage) -> dict[str, Any]:
        return self._table.write_update(
            usage_key(job.user_id, day),
            "ADD input_tokens :input, output_tokens :output, replies :one",
            {":input": usage.input_tokens, ":output": usage.output_tokens, ":one": 1},
        )
