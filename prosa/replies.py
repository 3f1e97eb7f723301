"""A job's one end as the table keeps it and as its user is told: pure.

The worker ends jobs; the API those that are stopped while they wait; the watch over the dead-letter
queue those that no worker will.
"""

from __future__ import annotations

from prosa import events
from prosa.clock import utc_now
from prosa.conversation import Failure, FinishReason, Message, Role
from prosa.jobs import Job


def failed_reply(job: Job, failure: Failure, *, model_id: str | None) -> Message:
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


def cancelled_reply(job: Job) -> Message:
    """The reply to store when its user stopped it before anybody wrote a word."""
    return Message(
        message_id=job.reply_id,
        conversation_id=job.conversation_id,
        parent_id=job.message_id,
        role=Role.ASSISTANT,
        content="",
        created_at=utc_now(),
        job_id=job.job_id,
        finish_reason=FinishReason.CANCELLED,
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
