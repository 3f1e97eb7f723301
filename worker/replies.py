"""What a model said, as the reply that ends its job: pure. Ends without an answer are prosa's."""

from __future__ import annotations

from prosa.clock import utc_now
from prosa.conversation import Message, Role
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
