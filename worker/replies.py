"""A job's one end as the table keeps it and as its user is told: pure."""

from __future__ import annotations

from prosa import events
from prosa.clock import utc_now
from prosa.conversation import Failure, FinishReason, Message, Role
from prosa.jobs import Job
from worker.generation import Generated


def answer(job: Job, generated: Generated) -> Message:
    """The reply to store: an answer, whole or cut or cancelled."""
    return Message(
        message_id=job.reply_id,
        conversation_id=job.conversation_id,
        parent_id=job.message_id,
        role=Role.ASSISTANT,
        content=generated.text,
        created_at=utc_now(),
        job_id=job.job_id,
        model=generated.model_id,
        usage=generated.usage,
        finish_reason=generated.finish_reason,
    )


def failed(job: Job, failure: Failure, *, model_id: str | None) -> Message:
    """The reply to store when there is no answer: no text, and why."""
    return Message(
        message_id=job.reply_id,
        conversation_id=job.conversation_id,
        parent_id=job.message_id,
        role=Role.ASSISTANT,
        content="",
        created_at=utc_now(),
        job_id=job.job_id,
        model=model_id,
        finish_reason=FinishReason.FAILED,
        failure=failure,
    )


def end_event(job: Job, reply: Message) -> events.ReplyCompleted | events.ReplyFailed:
    """What the user's sockets are told of the stored `reply`; the same however often it is told."""
    if reply.failure is not None:
        return events.ReplyFailed(
            job_id=job.job_id,
            conversation_id=job.conversation_id,
            message_id=job.reply_id,
            parent_id=job.message_id,
            **reply.failure.model_dump(),
        )
    return events.ReplyCompleted(
        job_id=job.job_id,
        conversation_id=job.conversation_id,
        message=reply,
        usage=reply.usage,
        finish_reason=reply.finish_reason or FinishReason.STOP,
    )
