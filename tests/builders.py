"""Builders of test data: each names only the fields a test is about."""

from __future__ import annotations

from datetime import UTC, datetime

from prosa.conversation import FinishReason, Message, Role, Usage
from prosa.ids import (
    ConversationId,
    MessageId,
    UserId,
    job_id_for,
    new_conversation_id,
    new_message_id,
    new_user_id,
    reply_id_for,
    time_to_write,
)
from prosa.jobs import Job
from prosa.store.conversations import new_conversation
from prosa.store.job_writes import Acceptance

NOON = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)


def a_message(
    *,
    content: str = "My name is Iracema",
    role: Role = Role.USER,
    conversation_id: ConversationId | None = None,
    parent_id: MessageId | None = None,
    written_at: datetime = NOON,
) -> Message:
    return Message(
        message_id=new_message_id(written_at),
        conversation_id=conversation_id or new_conversation_id(),
        parent_id=parent_id,
        role=role,
        content=content,
        created_at=NOON,
    )


def an_acceptance(
    *,
    user_id: UserId | None = None,
    conversation_id: ConversationId | None = None,
    key: str = "key-0001",
    content: str = "My name is Iracema",
    parent_id: MessageId | None = None,
    fingerprint: str = "same",
    created_at: datetime | None = None,
) -> Acceptance:
    """A new conversation's first message, or with `conversation_id` a further one."""
    user = user_id or new_user_id()
    conversation = new_conversation(conversation_id or new_conversation_id(), "A title")
    accepted_at = time_to_write(created_at or conversation.created_at, parent_id)
    question = a_message(
        content=content,
        conversation_id=conversation.conversation_id,
        parent_id=parent_id,
        written_at=accepted_at,
    )
    job_id = job_id_for(user, key)
    job = Job(
        job_id=job_id,
        user_id=user,
        conversation_id=conversation.conversation_id,
        message_id=question.message_id,
        reply_id=reply_id_for(job_id, accepted_at),
        created_at=accepted_at,
    )
    return Acceptance(
        job=job,
        fingerprint=fingerprint,
        conversation=conversation,
        is_new_conversation=conversation_id is None,
        question=question,
    )


def a_reply(
    job: Job, *, content: str = "Nice to meet you, Iracema!", reason: FinishReason | None = None
) -> Message:
    return Message(
        message_id=job.reply_id,
        conversation_id=job.conversation_id,
        parent_id=job.message_id,
        role=Role.ASSISTANT,
        content=content,
        created_at=NOON,
        job_id=job.job_id,
        model="local:prosa-tiny",
        usage=Usage(input_tokens=5, output_tokens=7),
        finish_reason=reason or FinishReason.STOP,
    )
